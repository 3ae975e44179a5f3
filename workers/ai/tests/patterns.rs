//! Precision and recall of the rules on synthetic athletes; docs/patterns.md has the numbers.

mod synthetic;

use ai::rules::{Scope, find_patterns};
use chrono::Days;
use std::collections::BTreeSet;
use synthetic::athlete::{Athlete, Profile};
use synthetic::diary::Diary;
use synthetic::docs;
use synthetic::score::{SEED, analyse_all, false_alarms_of_noise, first_monday, tables};
use training::WeekStart;

#[test]
fn page_is_current_and_noise_athletes_have_few_false_alarms() {
    let analysed = analyse_all(SEED);
    let (alarms, athletes) = false_alarms_of_noise(&analysed);
    assert!(alarms <= athletes, "{alarms} false alarms in {athletes} athletes");
    let page = std::fs::read_to_string(docs::PAGE).unwrap();
    let current = docs::with_tables(&page, &tables(&analysed));
    assert!(page == current, "run `cargo run -p ai --release --example patterns`:\n{current}");
}

#[test]
fn older_history_than_is_read_changes_nothing() {
    for (profile, _) in Profile::ALL {
        let workouts = Athlete::new(profile, 7).workouts(first_monday(), 40);
        let mut diary = Diary::new(first_monday());
        for workout in &workouts {
            diary.record(workout);
        }
        for day in 273..280 {
            let today = first_monday() + Days::new(day);
            let weeks = BTreeSet::from([WeekStart::containing(today)]);
            let scope = Scope { weeks, muscles: None };
            let read = find_patterns(&diary.read_on(today), &scope);
            let whole = find_patterns(diary.on(today), &scope);
            assert_eq!(read, whole, "{profile:?} {today}");
        }
    }
}

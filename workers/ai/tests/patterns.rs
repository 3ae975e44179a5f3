//! How well the rules see what athletes are made of; docs/patterns.md says it with the numbers.

mod synthetic;

use ai::rules::{Scope, all};
use chrono::Days;
use std::collections::BTreeSet;
use synthetic::athlete::{Athlete, MakeUp};
use synthetic::diary::Diary;
use synthetic::docs;
use synthetic::score::{SEED, false_alarms_of_noise, first_monday, tables, watch_all};
use training::WeekStart;

#[test]
fn the_page_has_the_tables_and_noise_at_most_one_false_alarm_an_athlete() {
    let watched = watch_all(SEED);
    let (alarms, athletes) = false_alarms_of_noise(&watched);
    assert!(alarms <= athletes, "{alarms} false alarms in {athletes} athletes");
    let page = std::fs::read_to_string(docs::PAGE).unwrap();
    let current = docs::with_tables(&page, &tables(&watched));
    assert!(page == current, "run `cargo run -p ai --release --example patterns`:\n{current}");
}

#[test]
fn what_is_older_than_what_is_read_changes_nothing() {
    for (make_up, _) in MakeUp::ALL {
        let workouts = Athlete::new(make_up, 7).workouts(first_monday(), 40);
        let mut diary = Diary::new(first_monday());
        for workout in &workouts {
            diary.record(workout);
        }
        for day in 273..280 {
            let today = first_monday() + Days::new(day);
            let weeks = BTreeSet::from([WeekStart::containing(today)]);
            let scope = Scope { weeks, muscles: None };
            let read = all(&diary.read_on(today), &scope);
            assert_eq!(read, all(diary.on(today), &scope), "{make_up:?} {today}");
        }
    }
}

//! Whether what was counted is what was accepted.

use super::training::{Entry, Totals};
use chrono::{Datelike, Days, NaiveDate};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What the api says of one athlete in the end.
#[derive(Clone, Default)]
pub struct Seen {
    /// The workouts, as listed.
    pub ids: Vec<String>,
    /// Days of the range.
    pub days: BTreeMap<NaiveDate, Totals>,
    /// Weeks of the range, by their Mondays.
    pub weeks: BTreeMap<NaiveDate, Totals>,
    /// The record of weight, by exercise.
    pub heaviest: BTreeMap<String, f64>,
    /// What each notice is about.
    pub news: Vec<String>,
}

/// What came of the comparison.
#[derive(Debug, Default, PartialEq)]
pub struct Verdict {
    /// Workouts that were accepted and stand.
    pub accepted: f64,
    /// Workouts in the days.
    pub counted: f64,
    /// Accepted, and not listed or in no day.
    pub lost: f64,
    /// Listed or counted, more often than accepted.
    pub twice: f64,
    /// Notices.
    pub told: usize,
    /// Notices that say what another one says.
    pub told_twice: usize,
    /// Each disagreement, in words.
    pub differences: Vec<String>,
}

impl Verdict {
    /// What one athlete's app was answered, against what the api says now.
    pub fn of(athlete: &str, accepted: &BTreeMap<String, Entry>, seen: &Seen) -> Self {
        let mut verdict = Self { told: seen.news.len(), ..Self::default() };
        verdict.compare_ids(athlete, accepted, &seen.ids);
        let days = sums(accepted, |date| date);
        verdict.compare_totals(&format!("{athlete}, day"), &days, &seen.days);
        for date in days.keys().chain(seen.days.keys()).collect::<BTreeSet<_>>() {
            let workouts = |days: &BTreeMap<NaiveDate, Totals>| {
                days.get(date).map(|day| day.workouts).unwrap_or_default()
            };
            verdict.accepted += workouts(&days);
            verdict.counted += workouts(&seen.days);
            verdict.lost += (workouts(&days) - workouts(&seen.days)).max(0.0);
            verdict.twice += (workouts(&seen.days) - workouts(&days)).max(0.0);
        }
        verdict.compare_totals(
            &format!("{athlete}, week of"),
            &sums(accepted, monday),
            &seen.weeks,
        );
        verdict.compare_records(athlete, accepted, &seen.heaviest);
        let mut known = BTreeSet::new();
        for news in seen.news.iter().filter(|news| !known.insert(*news)) {
            verdict.told_twice += 1;
            verdict.differences.push(format!("{athlete} was told twice: {news}"));
        }
        verdict
    }

    /// That of another athlete beside it.
    pub fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.counted += other.counted;
        self.lost += other.lost;
        self.twice += other.twice;
        self.told += other.told;
        self.told_twice += other.told_twice;
        self.differences.extend(other.differences);
    }

    fn compare_ids(&mut self, athlete: &str, accepted: &BTreeMap<String, Entry>, ids: &[String]) {
        let mut listed = BTreeSet::new();
        for id in ids {
            if !accepted.contains_key(id) {
                self.twice += 1.0;
                self.differences.push(format!("{athlete}: workout {id} stands and should not"));
            } else if !listed.insert(id) {
                self.twice += 1.0;
                self.differences.push(format!("{athlete}: workout {id} is listed twice"));
            }
        }
        for id in accepted.keys().filter(|id| !listed.contains(id)) {
            self.lost += 1.0;
            self.differences.push(format!("{athlete}: workout {id} is not listed"));
        }
    }

    fn compare_totals(
        &mut self,
        of: &str,
        expected: &BTreeMap<NaiveDate, Totals>,
        counted: &BTreeMap<NaiveDate, Totals>,
    ) {
        let none = Totals::default();
        for date in expected.keys().chain(counted.keys()).collect::<BTreeSet<_>>() {
            let (expected, counted) =
                (expected.get(date).unwrap_or(&none), counted.get(date).unwrap_or(&none));
            if expected != counted {
                self.differences
                    .push(format!("{of} {date}: accepted {expected:?}, counted {counted:?}"));
            }
        }
    }

    fn compare_records(
        &mut self,
        athlete: &str,
        accepted: &BTreeMap<String, Entry>,
        heaviest: &BTreeMap<String, f64>,
    ) {
        let mut expected: BTreeMap<String, f64> = BTreeMap::new();
        for (exercise, kg) in accepted.values().flat_map(Entry::weights) {
            let record = expected.entry(exercise.to_owned()).or_default();
            *record = record.max(kg);
        }
        if expected != *heaviest {
            self.differences.push(format!(
                "{athlete}: the heaviest weights are {expected:?}, the records {heaviest:?}"
            ));
        }
    }
}

/// What a notice is about, with all its numbers. A pattern that eases and comes back worse is told again,
/// with other numbers (docs/adr/0018); the same telling twice has the same.
pub fn subject_of(notice: &Value) -> Option<String> {
    Some(format!("{} {}", notice.get("kind")?.as_str()?, notice.get("data")?))
}

/// Monday of the day's week.
pub fn monday(date: NaiveDate) -> NaiveDate {
    let back = Days::new(u64::from(date.weekday().num_days_from_monday()));
    date.checked_sub_days(back).unwrap_or(date)
}

fn sums(
    accepted: &BTreeMap<String, Entry>,
    place: impl Fn(NaiveDate) -> NaiveDate,
) -> BTreeMap<NaiveDate, Totals> {
    let mut sums: BTreeMap<NaiveDate, Totals> = BTreeMap::new();
    for entry in accepted.values() {
        sums.entry(place(entry.date)).or_default().add(entry);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::super::dice::Dice;
    use super::*;
    use serde_json::json;

    /// Forty workouts, and the answers of an api that counted each once.
    fn right() -> (BTreeMap<String, Entry>, Seen) {
        let mut dice = Dice::new(1, 0);
        let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let accepted: BTreeMap<_, _> =
            (0..40).map(|id| (format!("w{id}"), Entry::thrown(&mut dice, today))).collect();
        let mut seen = Seen {
            ids: accepted.keys().cloned().collect(),
            days: sums(&accepted, |date| date),
            weeks: sums(&accepted, monday),
            news: vec!["new_record 1".to_owned(), "new_record 2".to_owned()],
            ..Seen::default()
        };
        for (exercise, kg) in accepted.values().flat_map(Entry::weights) {
            let record = seen.heaviest.entry(exercise.to_owned()).or_default();
            *record = record.max(kg);
        }
        (accepted, seen)
    }

    /// The same with one fault: lost, twice, told twice, and the words of its differences.
    fn check(fault: impl FnOnce(&mut Seen, &Entry), expected: (f64, f64, usize), words: &[&str]) {
        let (accepted, mut seen) = right();
        fault(&mut seen, &accepted["w7"]);
        let verdict = Verdict::of("ann", &accepted, &seen);
        assert_eq!((verdict.lost, verdict.twice, verdict.told_twice), expected);
        assert_eq!(verdict.differences.len(), words.len(), "{:#?}", verdict.differences);
        for (difference, words) in verdict.differences.iter().zip(words) {
            assert!(difference.contains(words), "{difference}");
        }
    }

    #[test]
    fn all_counted_once_is_right() {
        check(|_, _| {}, (0.0, 0.0, 0), &[]);
        let (accepted, seen) = right();
        let verdict = Verdict::of("ann", &accepted, &seen);
        assert_eq!((verdict.accepted, verdict.counted, verdict.told), (40.0, 40.0, 2));
    }

    #[test]
    fn a_workout_that_is_counted_twice_is_found() {
        check(
            |seen, entry| {
                seen.days.get_mut(&entry.date).unwrap().add(entry);
                seen.weeks.get_mut(&monday(entry.date)).unwrap().add(entry);
            },
            (0.0, 1.0, 0),
            &["ann, day", "ann, week of"],
        );
    }

    #[test]
    fn a_workout_that_is_in_no_day_is_found() {
        check(
            |seen, entry| {
                seen.days.get_mut(&entry.date).unwrap().workouts -= 1.0;
            },
            (1.0, 0.0, 0),
            &["ann, day"],
        );
    }

    #[test]
    fn one_lost_and_another_twice_do_not_make_up_for_each_other() {
        check(
            |seen, entry| {
                seen.days.get_mut(&entry.date).unwrap().workouts -= 1.0;
                let other = seen.days.keys().copied().find(|date| *date != entry.date).unwrap();
                seen.days.get_mut(&other).unwrap().workouts += 1.0;
            },
            (1.0, 1.0, 0),
            &["ann, day", "ann, day"],
        );
    }

    #[test]
    fn a_wrong_sum_of_one_muscle_in_one_week_is_found() {
        check(
            |seen, entry| {
                let week = seen.weeks.get_mut(&monday(entry.date)).unwrap();
                *week.muscles.values_mut().next().unwrap() += 0.5;
            },
            (0.0, 0.0, 0),
            &["ann, week of"],
        );
    }

    #[test]
    fn a_workout_that_is_listed_twice_or_not_or_was_never_accepted_is_found() {
        check(|seen, _| seen.ids.push("w7".to_owned()), (0.0, 1.0, 0), &["w7 is listed twice"]);
        check(|seen, _| seen.ids.push("x".to_owned()), (0.0, 1.0, 0), &["x stands and should not"]);
        check(|seen, _| seen.ids.retain(|id| id != "w7"), (1.0, 0.0, 0), &["w7 is not listed"]);
    }

    #[test]
    fn a_record_that_nobody_lifted_is_found() {
        check(
            |seen, _| *seen.heaviest.values_mut().next().unwrap() += 1.0,
            (0.0, 0.0, 0),
            &["the heaviest weights"],
        );
    }

    #[test]
    fn news_that_is_told_twice_is_found() {
        check(
            |seen, _| seen.news.push("new_record 2".to_owned()),
            (0.0, 0.0, 1),
            &["ann was told twice: new_record 2"],
        );
    }

    #[test]
    fn a_notice_is_about_all_its_numbers() {
        let subject = |kind: &str, sets: u32| {
            let data = json!({ "pattern_id": "p", "evidence": { "hard_sets": sets } });
            subject_of(&json!({ "id": "any", "kind": kind, "data": data }))
        };
        assert_eq!(subject("volume_above_mrv", 25), subject("volume_above_mrv", 25));
        assert_ne!(subject("volume_above_mrv", 25), subject("volume_above_mrv", 26));
        assert_ne!(subject("volume_above_mrv", 25), subject("pattern_ended", 25));
    }
}

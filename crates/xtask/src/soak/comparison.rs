//! The comparison of accepted workouts with the results that the API reports.

use super::workout::{self, Totals, Workout};
use chrono::NaiveDate;
use contract::notifications::Notification;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The results that the API reports for one athlete after the soak.
#[derive(Clone, Default)]
pub struct Reported {
    pub workout_ids: Vec<String>,
    pub days: BTreeMap<NaiveDate, Totals>,
    /// By Monday.
    pub weeks: BTreeMap<NaiveDate, Totals>,
    /// The heaviest weight of each exercise, in kg.
    pub heaviest: BTreeMap<String, f64>,
    pub notifications: Vec<String>,
}

/// The result of the comparison. Workouts are counted over days.
#[derive(Debug, Default, PartialEq)]
pub struct Comparison {
    pub accepted: f64,
    pub counted: f64,
    /// Accepted workouts that are not listed or not counted.
    pub lost: f64,
    /// Workouts that are listed or counted more often than accepted.
    pub duplicates: f64,
    pub notifications: usize,
    pub duplicate_notifications: usize,
    pub differences: Vec<String>,
}

impl Comparison {
    /// Adds an athlete: the accepted workouts by id, and the reported results.
    pub fn add(
        &mut self,
        athlete: &str,
        accepted: &BTreeMap<String, Workout>,
        reported: &Reported,
    ) {
        self.compare_ids(athlete, accepted, &reported.workout_ids);
        let days = workout::totals_by(|date| date, accepted);
        self.compare_totals(&format!("{athlete}, day"), &days, &reported.days);
        for (_, accepted, counted) in pairs(&days, &reported.days) {
            self.accepted += accepted.workouts;
            self.counted += counted.workouts;
            self.lost += (accepted.workouts - counted.workouts).max(0.0);
            self.duplicates += (counted.workouts - accepted.workouts).max(0.0);
        }
        let weeks = workout::totals_by(workout::monday, accepted);
        self.compare_totals(&format!("{athlete}, week of"), &weeks, &reported.weeks);
        let heaviest = workout::heaviest_weights(accepted);
        if heaviest != reported.heaviest {
            self.differences.push(format!(
                "{athlete}: the heaviest weights are {heaviest:?}, the records {:?}",
                reported.heaviest
            ));
        }
        self.notifications += reported.notifications.len();
        let mut known = BTreeSet::new();
        for subject in reported.notifications.iter().filter(|subject| !known.insert(*subject)) {
            self.duplicate_notifications += 1;
            self.differences.push(format!("{athlete}: duplicate notification {subject}"));
        }
    }

    fn compare_ids(&mut self, athlete: &str, accepted: &BTreeMap<String, Workout>, ids: &[String]) {
        let mut listed = BTreeSet::new();
        for id in ids {
            if !accepted.contains_key(id) {
                self.duplicates += 1.0;
                self.differences
                    .push(format!("{athlete}: workout {id} is listed, but was not accepted"));
            } else if !listed.insert(id) {
                self.duplicates += 1.0;
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
        period: &str,
        accepted: &BTreeMap<NaiveDate, Totals>,
        counted: &BTreeMap<NaiveDate, Totals>,
    ) {
        for (date, accepted, counted) in pairs(accepted, counted) {
            if accepted != counted {
                self.differences
                    .push(format!("{period} {date}: accepted {accepted:?}, counted {counted:?}"));
            }
        }
    }
}

/// Returns the totals of both maps for each date of either.
fn pairs(
    accepted: &BTreeMap<NaiveDate, Totals>,
    counted: &BTreeMap<NaiveDate, Totals>,
) -> Vec<(NaiveDate, Totals, Totals)> {
    let totals =
        |map: &BTreeMap<NaiveDate, Totals>, date| map.get(date).cloned().unwrap_or_default();
    let dates: BTreeSet<_> = accepted.keys().chain(counted.keys()).collect();
    dates.into_iter().map(|date| (*date, totals(accepted, date), totals(counted, date))).collect()
}

/// Returns kind and data of a notification. A repeated notification has the same; one about a
/// pattern that eased and worsened again has other numbers (docs/adr/0018).
pub fn subject(notification: &Notification) -> String {
    format!("{} {}", notification.kind, Value::Object(notification.data.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fastrand::Rng;
    use serde_json::json;

    /// Returns forty workouts, and the results of an API that counted each once.
    fn correct_results() -> (BTreeMap<String, Workout>, Reported) {
        let mut rng = Rng::with_seed(1);
        let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let accepted: BTreeMap<_, _> =
            (0..40).map(|id| (format!("w{id}"), Workout::random(&mut rng, today))).collect();
        let reported = Reported {
            workout_ids: accepted.keys().cloned().collect(),
            days: workout::totals_by(|date| date, &accepted),
            weeks: workout::totals_by(workout::monday, &accepted),
            notifications: vec!["new_record 1".to_owned(), "new_record 2".to_owned()],
            heaviest: workout::heaviest_weights(&accepted),
        };
        (accepted, reported)
    }

    fn compare(accepted: &BTreeMap<String, Workout>, reported: &Reported) -> Comparison {
        let mut comparison = Comparison::default();
        comparison.add("ann", accepted, reported);
        comparison
    }

    /// Checks a result with one fault: lost workouts, duplicates, duplicate notifications,
    /// differences.
    fn check(
        fault: impl FnOnce(&mut Reported, &Workout),
        expected: (f64, f64, usize),
        texts: &[&str],
    ) {
        let (accepted, mut reported) = correct_results();
        fault(&mut reported, &accepted["w7"]);
        let comparison = compare(&accepted, &reported);
        assert_eq!(
            (comparison.lost, comparison.duplicates, comparison.duplicate_notifications),
            expected
        );
        assert_eq!(comparison.differences.len(), texts.len(), "{:#?}", comparison.differences);
        for (difference, text) in comparison.differences.iter().zip(texts) {
            assert!(difference.contains(text), "{difference}");
        }
    }

    #[test]
    fn workouts_counted_once_have_no_differences() {
        check(|_, _| {}, (0.0, 0.0, 0), &[]);
        let (accepted, reported) = correct_results();
        let comparison = compare(&accepted, &reported);
        assert_eq!(
            (comparison.accepted, comparison.counted, comparison.notifications),
            (40.0, 40.0, 2)
        );
    }

    #[test]
    fn workout_counted_twice_is_a_duplicate() {
        check(
            |reported, workout| {
                reported.days.get_mut(&workout.date).unwrap().add(workout);
                reported.weeks.get_mut(&workout::monday(workout.date)).unwrap().add(workout);
            },
            (0.0, 1.0, 0),
            &["ann, day", "ann, week of"],
        );
    }

    #[test]
    fn workout_missing_from_its_day_is_lost() {
        check(
            |reported, workout| {
                reported.days.get_mut(&workout.date).unwrap().workouts -= 1.0;
            },
            (1.0, 0.0, 0),
            &["ann, day"],
        );
    }

    #[test]
    fn lost_and_duplicate_workouts_do_not_cancel_out() {
        check(
            |reported, workout| {
                reported.days.get_mut(&workout.date).unwrap().workouts -= 1.0;
                let other =
                    reported.days.keys().copied().find(|date| *date != workout.date).unwrap();
                reported.days.get_mut(&other).unwrap().workouts += 1.0;
            },
            (1.0, 1.0, 0),
            &["ann, day", "ann, day"],
        );
    }

    #[test]
    fn wrong_hard_sets_of_a_muscle_are_a_difference() {
        check(
            |reported, workout| {
                let week = reported.weeks.get_mut(&workout::monday(workout.date)).unwrap();
                *week.muscles.values_mut().next().unwrap() += 0.5;
            },
            (0.0, 0.0, 0),
            &["ann, week of"],
        );
    }

    #[test]
    fn workout_lists_contain_each_accepted_workout_once() {
        check(
            |reported, _| reported.workout_ids.push("w7".to_owned()),
            (0.0, 1.0, 0),
            &["w7 is listed twice"],
        );
        check(
            |reported, _| reported.workout_ids.push("x".to_owned()),
            (0.0, 1.0, 0),
            &["x is listed, but was not accepted"],
        );
        check(
            |reported, _| reported.workout_ids.retain(|id| id != "w7"),
            (1.0, 0.0, 0),
            &["w7 is not listed"],
        );
    }

    #[test]
    fn wrong_record_is_a_difference() {
        check(
            |reported, _| *reported.heaviest.values_mut().next().unwrap() += 1.0,
            (0.0, 0.0, 0),
            &["the heaviest weights"],
        );
    }

    #[test]
    fn duplicate_notification_is_a_difference() {
        check(
            |reported, _| reported.notifications.push("new_record 2".to_owned()),
            (0.0, 0.0, 1),
            &["ann: duplicate notification new_record 2"],
        );
    }

    #[test]
    fn subject_of_a_notification_contains_its_numbers() {
        let subject_of = |kind: &str, sets: u32| {
            let data = json!({ "pattern_id": "p", "evidence": { "hard_sets": sets } });
            let notification = json!({
                "id": "01a20788-3c08-7252-bf90-cbf6a373a06f", "kind": kind, "title": "", "body": "",
                "data": data, "created_at": "2026-11-23T12:00:00Z", "read_at": null,
            });
            subject(&serde_json::from_value(notification).unwrap())
        };
        assert_eq!(subject_of("volume_above_mrv", 25), subject_of("volume_above_mrv", 25));
        assert_ne!(subject_of("volume_above_mrv", 25), subject_of("volume_above_mrv", 26));
        assert_ne!(subject_of("volume_above_mrv", 25), subject_of("pattern_ended", 25));
    }
}

//! The notification about broken records: which of them are announced, and its text.
//!
//! A record matters if the next session can aim above it: the heaviest weight, an estimated one-rep maximum that is
//! higher by 1 % or more, and a number of repetitions that no heavier set has reached. A workout with such a record is
//! one notification, with one line for each exercise. Its data has all records of the workout. Volume is listed
//! (GET /v1/records), and is no record to aim for. Thresholds are project defaults.

use platform::email::one_line;
use serde_json::{Map, Number, Value};
use shared_kernel::notification_details::{NewRecord, RecordDetails, to_fields};
use shared_kernel::payload::{VolumeUpdated, WorkoutCompleted};
use shared_kernel::{Event, EventData, Payload, WorkoutId};
use std::collections::{BTreeMap, BTreeSet};
use storage::records::HeldRecord;
use training::records::{RecordKey, RecordKind};
use training::{Exercise, Grams, PerformedExercise, Units};

/// Records in the text of a notification, at most; a project default.
const LINES_MAX: usize = 10;
/// Records in the data of a notification, at most; a project default.
const DETAILS_MAX: usize = 100;
/// Characters of a custom exercise's name, at most; a project default.
const NAME_CHARS_MAX: usize = 60;

/// The smallest rise of an estimated maximum that matters, in thousandths of the old one.
const E1RM_RISE_MIN_PER_MILLE: i64 = 1_010;

/// A record that a workout set.
pub struct BrokenRecord<'a> {
    pub key: RecordKey,
    pub held: &'a HeldRecord,
    beaten: i64,
}

/// The records to announce of those that a revision set: those that have beaten another one. None, if none of them
/// matters.
///
/// The e1RM and the volume of a body-weight exercise rise with the athlete's body weight. They are
/// announced only if the revision also set a record of the exercise as entered: its weight or its
/// repetitions.
pub fn broken_records<'a>(
    held: impl Iterator<Item = &'a HeldRecord>,
    cause: &Event,
) -> Vec<BrokenRecord<'a>> {
    let held: Vec<_> =
        held.filter_map(|held| Some((held.key.parse::<RecordKey>().ok()?, held))).collect();
    let is_entered = |kind| match kind {
        RecordKind::HeaviestWeight | RecordKind::MostReps => true,
        RecordKind::BestE1rm | RecordKind::MostVolume => false,
    };
    let entered: BTreeSet<_> = held
        .iter()
        .filter(|(key, _)| is_entered(key.kind))
        .map(|(key, _)| key.exercise.clone())
        .collect();
    let lifts_body_weight = |exercise: &str| {
        let mut exercises = exercises_of(&cause.data).iter();
        exercises.any(|e| e.exercise == exercise && e.load.uses_body_weight())
    };
    let broken = held.into_iter().filter_map(|(key, held)| {
        let is_announced = is_entered(key.kind)
            || entered.contains(&key.exercise)
            || !lifts_body_weight(&key.exercise);
        is_announced.then_some(())?;
        Some(BrokenRecord { key, held, beaten: held.beaten? })
    });
    let broken: Vec<_> = broken.collect();
    if broken.iter().any(BrokenRecord::matters) { broken } else { Vec::new() }
}

/// The exercises of the workout that an event carries.
fn exercises_of(data: &EventData) -> &[PerformedExercise] {
    let completed = WorkoutCompleted::of(data).map(|data| &data.workout);
    let updated = || VolumeUpdated::of(data).map(|data| &data.workout);
    completed.or_else(updated).map_or(&[], |workout| &workout.exercises)
}

/// The title, the text and the machine-readable data of the notification.
pub fn notification_text(
    workout_id: WorkoutId,
    broken: &[BrokenRecord<'_>],
) -> (String, String, Map<String, Value>) {
    let shown = one_for_each_exercise(broken);
    let title = match shown.as_slice() {
        [record] => format!("New record: {}", record.exercise_name()),
        _ => format!("New records in {} exercises", shown.len()),
    };
    let mut lines: Vec<_> = shown.iter().take(LINES_MAX).map(|record| line(record)).collect();
    if shown.len() > LINES_MAX {
        lines.push(format!("And {} more.", shown.len() - LINES_MAX));
    }
    let details = RecordDetails {
        workout_id: Some(workout_id),
        records: broken.iter().take(DETAILS_MAX).map(numbers).collect(),
        records_total: broken.len(),
    };
    (title, lines.join("\n"), to_fields(&details))
}

/// Returns the most important record of each exercise, of those that matter.
fn one_for_each_exercise<'a, 'b>(broken: &'b [BrokenRecord<'a>]) -> Vec<&'b BrokenRecord<'a>> {
    let mut best = BTreeMap::<&str, &BrokenRecord<'_>>::new();
    for record in broken.iter().filter(|record| record.matters()) {
        let other = best.entry(&record.key.exercise).or_insert(record);
        if record.order() > other.order() {
            *other = record;
        }
    }
    best.into_values().collect()
}

impl BrokenRecord<'_> {
    /// Whether the next session can aim above it.
    fn matters(&self) -> bool {
        match self.key.kind {
            RecordKind::HeaviestWeight => true,
            RecordKind::BestE1rm => {
                let (new, old) = (self.held.value, self.beaten);
                new.saturating_mul(1_000) >= old.saturating_mul(E1RM_RISE_MIN_PER_MILLE)
            }
            RecordKind::MostReps => !self.held.is_dominated,
            RecordKind::MostVolume => false,
        }
    }

    /// The most important record of an exercise has the highest order: a weight before an estimate before
    /// repetitions, of which those with the heaviest weight.
    fn order(&self) -> (u8, i64) {
        let weight = self.key.weight_grams.map_or(0, |weight| weight.0);
        match self.key.kind {
            RecordKind::HeaviestWeight => (3, 0),
            RecordKind::BestE1rm => (2, 0),
            RecordKind::MostReps => (1, weight),
            RecordKind::MostVolume => (0, 0),
        }
    }

    /// The current name of the exercise. A deleted custom exercise has only its slug.
    fn exercise_name(&self) -> String {
        let slug = &self.key.exercise;
        match (&self.held.custom_name, Exercise::find(slug)) {
            (Some(name), _) => one_line(name, NAME_CHARS_MAX),
            (None, Some(exercise)) => exercise.name.to_owned(),
            (None, None) => slug.replace('-', " "),
        }
    }
}

fn line(record: &BrokenRecord<'_>) -> String {
    let name = record.exercise_name();
    let units = record.held.units.unwrap_or(Units::Kg);
    let weight = |grams: i64| units.weight_text(Grams(grams));
    let (value, beaten) = (record.held.value, record.beaten);
    match record.key.kind {
        RecordKind::HeaviestWeight => {
            format!("{name}: {}, up from {}.", weight(value), weight(beaten))
        }
        RecordKind::BestE1rm => {
            format!(
                "{name}: your estimated max is {} now, up from {}.",
                weight(value),
                weight(beaten)
            )
        }
        RecordKind::MostVolume => {
            format!("{name}: {} in one workout, up from {}.", weight(value), weight(beaten))
        }
        RecordKind::MostReps => {
            let with = match record.key.weight_grams {
                Some(Grams(grams)) if grams > 0 => format!(" at {}", weight(grams)),
                _ => " without extra weight".to_owned(),
            };
            format!("{name}: {}{with}, up from {beaten}.", reps(value))
        }
    }
}

fn reps(count: i64) -> String {
    if count == 1 { "1 rep".to_owned() } else { format!("{count} reps") }
}

fn numbers(record: &BrokenRecord<'_>) -> NewRecord {
    let key = &record.key;
    let number = |value: i64| match key.kind {
        RecordKind::MostReps => Number::from(value),
        RecordKind::HeaviestWeight | RecordKind::BestE1rm | RecordKind::MostVolume => {
            // Kilograms are finite.
            Number::from_f64(Grams(value).kg()).unwrap_or(Number::from(0))
        }
    };
    NewRecord {
        exercise: key.exercise.clone(),
        kind: key.kind,
        weight_kg: key.weight_grams.map(Grams::kg),
        value: number(record.held.value),
        beaten: number(record.beaten),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    const WORKOUT: WorkoutId = WorkoutId(Uuid::nil());

    fn held(key: &str, value: i64, beaten: impl Into<Option<i64>>) -> HeldRecord {
        HeldRecord {
            athlete_id: testkit::athlete_id(1),
            workout_id: WORKOUT,
            revision: 1,
            key: key.to_owned(),
            value,
            beaten: beaten.into(),
            custom_name: None,
            is_dominated: false,
            units: None,
        }
    }

    fn broken(held: &HeldRecord) -> BrokenRecord<'_> {
        BrokenRecord { key: held.key.parse().unwrap(), held, beaten: held.beaten.unwrap() }
    }

    fn text(held: &HeldRecord) -> String {
        notification_text(WORKOUT, &[broken(held)]).1
    }

    #[test]
    fn a_record_is_announced_with_the_value_it_beats() {
        let check = |key: &str, value: i64, beaten: i64, expected: &str| {
            assert_eq!(text(&held(key, value, beaten)), expected);
        };
        check(
            "barbell-bench-press/heaviest_weight",
            102_500,
            100_000,
            "Barbell Bench Press: 102.5 kg, up from 100 kg.",
        );
        check(
            "barbell-bench-press/best_e1rm",
            126_667,
            120_000,
            "Barbell Bench Press: your estimated max is 126.7 kg now, up from 120 kg.",
        );
        check("pull-up/most_reps@0", 12, 10, "Pull-Up: 12 reps without extra weight, up from 10.");
        check("my-row/most_reps@50000", 12, 10, "my row: 12 reps at 50 kg, up from 10.");
    }

    #[test]
    fn record_in_pounds_has_no_kilograms() {
        let held = HeldRecord {
            units: Some(Units::Lb),
            ..held("deadlift/heaviest_weight", Grams::from_lb(230.0).0, Grams::from_lb(225.0).0)
        };
        assert_eq!(text(&held), "Deadlift: 230 lb, up from 225 lb.");
    }

    #[test]
    fn only_records_to_aim_for_matter() {
        let check = |key: &str, value, beaten, is_dominated, expected| {
            let held = HeldRecord { is_dominated, ..held(key, value, beaten) };
            assert_eq!(broken(&held).matters(), expected, "{key} {value} {beaten}");
        };
        check("deadlift/heaviest_weight", 101, 100, false, true);
        check("deadlift/best_e1rm", 101_000, 100_000, false, true);
        check("deadlift/best_e1rm", 100_999, 100_000, false, false);
        check("deadlift/most_reps@100000", 8, 7, false, true);
        check("deadlift/most_reps@100000", 8, 7, true, false);
        check("deadlift/most_volume", 2_000, 1_000, false, false);
    }

    #[test]
    fn custom_exercise_has_its_current_name() {
        let mut record = held("my-row/most_reps@0", 12, 10);
        record.custom_name = Some("Seal Row".to_owned());
        assert_eq!(text(&record), "Seal Row: 12 reps without extra weight, up from 10.");
        assert_eq!(notification_text(WORKOUT, &[broken(&record)]).0, "New record: Seal Row");
    }

    #[test]
    fn several_records_are_one_notification_with_all_numbers() {
        let records = [
            held("deadlift/heaviest_weight", 200_000, 190_000),
            held("deadlift/most_reps@1000", 8, 7),
        ];
        let (title, text, data) =
            notification_text(WORKOUT, &records.iter().map(broken).collect::<Vec<_>>());
        assert_eq!(title, "New record: Deadlift");
        assert_eq!(text, "Deadlift: 200 kg, up from 190 kg.");
        assert_eq!(
            data["records"],
            json!([
                { "exercise": "deadlift", "kind": "heaviest_weight", "weight_kg": null,
                  "value": 200.0, "beaten": 190.0 },
                { "exercise": "deadlift", "kind": "most_reps", "weight_kg": 1.0,
                  "value": 8, "beaten": 7 },
            ])
        );
        assert_eq!(data["records_total"], 2);
    }

    #[test]
    fn notification_of_many_records_is_bounded_and_counts_the_rest() {
        let records: Vec<_> =
            (0..138).map(|n| held(&format!("lift-{n}/most_reps@0"), 8, 7)).collect();
        let (title, text, data) =
            notification_text(WORKOUT, &records.iter().map(broken).collect::<Vec<_>>());
        assert_eq!(title, "New records in 138 exercises");
        assert_eq!((text.lines().count(), text.lines().last()), (11, Some("And 128 more.")));
        assert!(text.len() < 1_000, "{}", text.len());
        assert_eq!(data["records"].as_array().map(Vec::len), Some(100));
        assert_eq!(data["records_total"], 138);
    }
}

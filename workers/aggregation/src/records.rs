//! The notification about broken records: which of them are announced, and its text.

use platform::email::one_line;
use serde_json::{Map, Number, Value};
use shared_kernel::notification_details::{NewRecord, RecordDetails, to_fields};
use shared_kernel::payload::{VolumeUpdated, WorkoutCompleted};
use shared_kernel::{Event, EventData, Payload, WorkoutId};
use std::collections::BTreeSet;
use storage::records::HeldRecord;
use training::records::{RecordKey, RecordKind};
use training::{Exercise, Grams, PerformedExercise};

/// Records in the text of a notification, at most; a project default.
const LINES_MAX: usize = 10;
/// Records in the data of a notification, at most; a project default.
const DETAILS_MAX: usize = 100;
/// Characters of a custom exercise's name, at most; a project default.
const NAME_CHARS_MAX: usize = 60;

/// A record that a workout set.
pub struct BrokenRecord<'a> {
    pub key: RecordKey,
    pub held: &'a HeldRecord,
    beaten: i64,
}

/// The records to announce of those that a revision set: those that have beaten another one.
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
    broken.collect()
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
    let title = match broken {
        [record] => format!("New record: {}", record.exercise_name()),
        _ => format!("{} new records", broken.len()),
    };
    let mut lines: Vec<_> = broken.iter().take(LINES_MAX).map(line).collect();
    if broken.len() > LINES_MAX {
        lines.push(format!("And {} more.", broken.len() - LINES_MAX));
    }
    let details = RecordDetails {
        workout_id: Some(workout_id),
        records: broken.iter().take(DETAILS_MAX).map(numbers).collect(),
        records_total: broken.len(),
    };
    (title, lines.join("\n"), to_fields(&details))
}

impl BrokenRecord<'_> {
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
    let (value, beaten) = (kilograms(record.held.value), kilograms(record.beaten));
    match record.key.kind {
        RecordKind::HeaviestWeight => {
            format!("{name}: {value} kg, heavier than {beaten} kg before.")
        }
        RecordKind::BestE1rm => {
            format!("{name}: an estimated 1RM of {value} kg, over {beaten} kg before.")
        }
        RecordKind::MostVolume => {
            format!("{name}: {value} kg moved in one workout, over {beaten} kg before.")
        }
        RecordKind::MostReps => {
            let weight = kilograms(record.key.weight_grams.unwrap_or_default().0);
            let (reps, before) = (record.held.value, record.beaten);
            format!("{name}: {reps} repetitions at {weight} kg, over {before} before.")
        }
    }
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

/// Kilograms with at most two decimals.
fn kilograms(grams: i64) -> String {
    let text = format!("{:.2}", Grams(grams).kg());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
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
            "Barbell Bench Press: 102.5 kg, heavier than 100 kg before.",
        );
        check(
            "barbell-bench-press/best_e1rm",
            126_667,
            120_000,
            "Barbell Bench Press: an estimated 1RM of 126.67 kg, over 120 kg before.",
        );
        check("pull-up/most_reps@0", 12, 10, "Pull-Up: 12 repetitions at 0 kg, over 10 before.");
        check(
            "my-row/most_volume",
            1_000_000,
            999_500,
            "my row: 1000 kg moved in one workout, over 999.5 kg before.",
        );
    }

    #[test]
    fn custom_exercise_has_its_current_name() {
        let mut record = held("my-row/most_reps@0", 12, 10);
        record.custom_name = Some("Seal Row".to_owned());
        assert_eq!(text(&record), "Seal Row: 12 repetitions at 0 kg, over 10 before.");
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
        assert_eq!(title, "2 new records");
        assert_eq!(text.lines().count(), 2);
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
            (0..138).map(|n| held(&format!("deadlift/most_reps@{n}"), 8, 7)).collect();
        let (title, text, data) =
            notification_text(WORKOUT, &records.iter().map(broken).collect::<Vec<_>>());
        assert_eq!(title, "138 new records");
        assert_eq!((text.lines().count(), text.lines().last()), (11, Some("And 128 more.")));
        assert!(text.len() < 1_000, "{}", text.len());
        assert_eq!(data["records"].as_array().map(Vec::len), Some(100));
        assert_eq!(data["records_total"], 138);
    }
}

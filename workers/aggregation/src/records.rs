//! The notification about broken records: whether a workout is recent enough, and its text.

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde_json::{Map, Number, Value};
use shared_kernel::notification_details::{NewRecord, RecordDetails, to_fields};
use storage::records::BrokenRecord;
use training::records::{RecordKey, RecordKind};
use training::{Exercise, Grams};

/// The maximum age, in days, of a workout whose records are announced. A project default: an athlete who
/// enters the training of last year is not notified of each record in it.
const RECENT_DAYS: u64 = 7;

/// Whether the records of a workout of this day are announced.
pub fn is_recent(local_date: NaiveDate, now: DateTime<Utc>) -> bool {
    let first = now.date_naive().checked_sub_days(Days::new(RECENT_DAYS));
    first.is_none_or(|first| local_date >= first)
}

/// The title, the text and the machine-readable data of the notification.
pub fn notification_text(broken: &[&BrokenRecord]) -> (String, String, Map<String, Value>) {
    let parsed: Vec<_> = broken
        .iter()
        .filter_map(|record| Some((record.key.parse::<RecordKey>().ok()?, *record)))
        .collect();
    let title = match parsed.as_slice() {
        [(key, _)] => format!("New record: {}", exercise_name(&key.exercise)),
        _ => format!("{} new records", parsed.len()),
    };
    let lines: Vec<_> = parsed.iter().map(|(key, record)| line(key, record)).collect();
    let records: Vec<_> = parsed.iter().map(|(key, record)| numbers(key, record)).collect();
    let workout_id = broken.first().map(|record| record.workout_id);
    (title, lines.join("\n"), to_fields(&RecordDetails { workout_id, records }))
}

fn line(key: &RecordKey, record: &BrokenRecord) -> String {
    let name = exercise_name(&key.exercise);
    let (value, beaten) = (kilograms(record.value), kilograms(record.beaten));
    match key.kind {
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
            let weight = kilograms(key.weight_grams.unwrap_or_default().0);
            let (reps, before) = (record.value, record.beaten);
            format!("{name}: {reps} repetitions at {weight} kg, over {before} before.")
        }
    }
}

fn numbers(key: &RecordKey, record: &BrokenRecord) -> NewRecord {
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
        value: number(record.value),
        beaten: number(record.beaten),
    }
}

/// Kilograms with at most two decimals.
fn kilograms(grams: i64) -> String {
    let text = format!("{:.2}", Grams(grams).kg());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The catalogue's name. For a custom exercise, whose name the event does not carry, the slug with spaces.
fn exercise_name(slug: &str) -> String {
    Exercise::find(slug).map_or_else(|| slug.replace('-', " "), |exercise| exercise.name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared_kernel::WorkoutId;
    use uuid::Uuid;

    fn broken(key: &str, value: i64, beaten: i64) -> BrokenRecord {
        let workout_id = WorkoutId(Uuid::nil());
        let athlete_id = testkit::athlete_id(1);
        BrokenRecord { athlete_id, workout_id, key: key.to_owned(), value, beaten }
    }

    #[test]
    fn a_record_is_announced_with_the_value_it_beats() {
        let check = |key: &str, value: i64, beaten: i64, expected: &str| {
            let (_, text, _) = notification_text(&[&broken(key, value, beaten)]);
            assert_eq!(text, expected);
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
    fn several_records_are_one_notification_with_all_numbers() {
        let records = [
            broken("deadlift/heaviest_weight", 200_000, 190_000),
            broken("deadlift/most_reps@1000", 8, 7),
        ];
        let (title, text, data) = notification_text(&records.iter().collect::<Vec<_>>());
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
    }

    #[test]
    fn workouts_older_than_a_week_are_not_recent() {
        let now = "2026-11-23T12:00:00Z".parse().unwrap();
        let check =
            |day: &str, recent| assert_eq!(is_recent(day.parse().unwrap(), now), recent, "{day}");
        check("2026-11-24", true);
        check("2026-11-16", true);
        check("2026-11-15", false);
    }
}

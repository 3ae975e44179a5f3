//! Days, weeks and records equal a recomputation from the workouts.

use super::finished_run::{FinishedRun, Violations};
use crate::database::text;
use serde_json::Value;
use shared_kernel::{Event, EventData, EventId};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use storage::workouts::StoredWorkout;
use training::records::record_candidates;
use training::{Muscle, Volume, WeekStart};

/// An athlete, and a day, the Monday of a week, or the key of a record.
type Key = (String, String);
/// Workouts, sets, tonnage and hard half sets; by muscle, direct and indirect hard sets and tonnage.
type Totals = ([i64; 4], BTreeMap<Muscle, (i64, i64, i64)>);
/// Value, start, workout and day of a record. Of equals, the workout that started first has it.
type Record = (i64, i64, String, String);

#[derive(Default)]
struct Recomputed {
    days: BTreeMap<Key, Totals>,
    weeks: BTreeMap<Key, Totals>,
    records: BTreeMap<Key, Record>,
}

/// Checks the stored totals, and that the final state of each week was published.
pub fn check(run: &FinishedRun<'_>, violations: &mut Violations) {
    let expected = recompute(run);
    let days = stored_totals(run, "daily_volume", "local_date");
    require_equal("day", &days, &expected.days, violations);
    let weeks = stored_totals(run, "weekly_volume", "week_start");
    require_equal("week", &weeks, &expected.weeks, violations);
    require_equal("record", &stored_records(run), &expected.records, violations);
    check_published(run, violations);
}

fn require_equal<T: PartialEq + Debug>(
    name: &str,
    stored: &BTreeMap<Key, T>,
    expected: &BTreeMap<Key, T>,
    violations: &mut Violations,
) {
    for key in stored.keys().chain(expected.keys()).collect::<BTreeSet<_>>() {
        let (stored, expected) = (stored.get(key), expected.get(key));
        violations.require(stored == expected, || {
            format!("{name} {key:?}: {stored:?} should be {expected:?}")
        });
    }
}

fn key(row: &Value, column: &str) -> Key {
    (text(row, "athlete_id").to_owned(), text(row, column).to_owned())
}

/// Returns the totals of a table, without those of periods that have no workouts any more.
fn stored_totals(run: &FinishedRun<'_>, table: &str, period: &str) -> BTreeMap<Key, Totals> {
    let sql = format!(
        "SELECT athlete_id, {period}, workouts, sets, tonnage_grams, hard_half_sets, muscles \
         FROM {table}"
    );
    let totals = |row: &Value| {
        let numbers = ["workouts", "sets", "tonnage_grams", "hard_half_sets"];
        let numbers = numbers.map(|column| row[column].as_i64().unwrap());
        (key(row, period), (numbers, serde_json::from_str(text(row, "muscles")).unwrap()))
    };
    let rows = run.rows(&sql);
    rows.iter().map(totals).filter(|(_, totals)| *totals != Totals::default()).collect()
}

fn stored_records(run: &FinishedRun<'_>) -> BTreeMap<Key, Record> {
    let rows = run.rows(
        "SELECT athlete_id, exercise || '/' || entry.key AS key, entry.value ->> 0 AS value, \
         entry.value ->> 1 AS day, entry.value ->> 2 AS workout, entry.value ->> 5 AS start \
         FROM personal_records, json_each(records) AS entry",
    );
    let record = |row: &Value| {
        let (day, workout) = (text(row, "day").to_owned(), text(row, "workout").to_owned());
        let number = |name: &str| row[name].as_i64().unwrap();
        (key(row, "key"), (number("value"), number("start"), workout, day))
    };
    rows.iter().map(record).collect()
}

fn recompute(run: &FinishedRun<'_>) -> Recomputed {
    let rows = run.rows("SELECT * FROM workouts WHERE status <> 'deleted'");
    let mut all = Recomputed::default();
    for row in rows {
        let stored: StoredWorkout = serde_json::from_value(row).unwrap();
        let workout = stored.snapshot().unwrap();
        let date = workout.started_at.date_naive();
        let athlete = stored.athlete_id.to_string();
        let volume = Volume::of_workout(&workout.exercises, workout.body_weight_grams);
        let week = WeekStart::containing(date).to_string();
        add(all.days.entry((athlete.clone(), date.to_string())).or_default(), &volume);
        add(all.weeks.entry((athlete.clone(), week)).or_default(), &volume);
        for (name, value) in record_candidates(&workout.exercises, workout.body_weight_grams) {
            let start = workout.started_at.timestamp_millis();
            let record = (value, start, stored.workout_id.to_string(), date.to_string());
            let is_better =
                |other: &Record| (-record.0, &record.1, &record.2) < (-other.0, &other.1, &other.2);
            let key = (athlete.clone(), name);
            if all.records.get(&key).is_none_or(is_better) {
                all.records.insert(key, record);
            }
        }
    }
    all
}

fn add((numbers, muscles): &mut Totals, volume: &Volume) {
    let Volume { workouts, sets, tonnage_grams, hard_half_sets, .. } = volume;
    let added = [*workouts, *sets, tonnage_grams.0, hard_half_sets.0];
    numbers.iter_mut().zip(added).for_each(|(sum, number)| *sum += number);
    for (muscle, part) in &volume.muscles {
        let (direct, indirect, tonnage_grams) = muscles.entry(*muscle).or_default();
        *direct += part.direct_sets;
        *indirect += part.half_sets.0 - 2 * part.direct_sets;
        *tonnage_grams += part.tonnage_grams.0;
    }
}

/// Checks that the final state of each week was published, and every crossing marked as announced.
fn check_published(run: &FinishedRun<'_>, violations: &mut Violations) {
    let mut published: BTreeMap<Key, i64> = BTreeMap::new();
    for body in
        run.effects.published.values().filter(|body| body.contains("VolumeThresholdReached"))
    {
        let event = Event::decode(body).unwrap();
        let EventData::VolumeThresholdReached(data) = &event.data else { continue };
        let week = (data.athlete_id.to_string(), data.week_start.to_string());
        *published.entry(week).or_default() |=
            aggregation::thresholds::crossing_bits(&data.crossings);
    }
    let imported = run.imported_weeks();
    let weeks = run.rows(
        "SELECT athlete_id, week_start, version, hard_half_sets, tonnage_grams, announced \
         FROM weekly_volume",
    );
    for week in weeks {
        let key = key(&week, "week_start");
        // An import publishes nothing about weeks, and marks their crossings as announced.
        if imported.contains(&key) {
            continue;
        }
        let number = |name: &str| week[name].to_string();
        let numbers = [number("version"), number("hard_half_sets"), number("tonnage_grams")];
        let parts = ["AggregationUpdated", &key.0, &key.1, &numbers[0], &numbers[1], &numbers[2]];
        let id = EventId::derived(&parts).to_string();
        violations.require(run.effects.published.contains_key(&id), || {
            format!("lost: the final state of {key:?} was not published")
        });
        let announced = week["announced"].as_i64().unwrap();
        let published = published.get(&key).copied().unwrap_or(0);
        violations.require(announced & !published == 0, || {
            format!("lost: crossings of {key:?}: {announced:b} announced, {published:b} published")
        });
    }
}

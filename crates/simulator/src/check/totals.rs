//! Days, weeks and records equal a recomputation from the workouts.

use super::finished_run::{FinishedRun, Violations};
use crate::database::text;
use serde_json::Value;
use shared_kernel::EventId;
use std::collections::BTreeMap;
use storage::workouts::StoredWorkout;
use training::records::record_candidates;
use training::{Volume, WeekStart};

/// Athlete, and the day or the Monday of the week.
type Period = (String, String);
/// Athlete and key of a record.
type RecordKey = (String, String);
/// Value, day and workout of a record.
type Record = (i64, String, String);

#[derive(Default)]
struct Recomputed {
    days: BTreeMap<Period, Volume>,
    weeks: BTreeMap<Period, Volume>,
    records: BTreeMap<RecordKey, Record>,
}

/// Checks the stored totals, and that the final state of each week was published.
pub fn check(run: &FinishedRun<'_>, violations: &mut Violations) {
    let expected = recompute(run);
    check_volumes(run, "daily_volume", "local_date", &expected.days, violations);
    check_volumes(run, "weekly_volume", "week_start", &expected.weeks, violations);
    let stored = run.rows(
        "SELECT athlete_id, entry.key AS key, entry.value ->> 0 AS value, \
         entry.value ->> 1 AS day, entry.value ->> 2 AS workout \
         FROM personal_records, json_each(document) AS entry",
    );
    let record = |row: &Value| {
        let key = (text(row, "athlete_id").to_owned(), text(row, "key").to_owned());
        let day = text(row, "day").to_owned();
        (key, (row["value"].as_i64().unwrap(), day, text(row, "workout").to_owned()))
    };
    let stored: BTreeMap<_, _> = stored.iter().map(record).collect();
    violations.require(stored == expected.records, || {
        format!("records {stored:?} should be {:?}", expected.records)
    });
    check_published(run, violations);
}

fn recompute(run: &FinishedRun<'_>) -> Recomputed {
    let stored = run.rows(
        "SELECT athlete_id, workout_id, revision, completed_revision, status, document, \
         own_exercises, body_weight_grams, changed_at_ms, traceparent FROM workouts \
         WHERE status <> 'deleted'",
    );
    let mut totals = Recomputed::default();
    for row in stored {
        let stored: StoredWorkout = serde_json::from_value(row).unwrap();
        let workout = stored.snapshot().unwrap();
        let date = workout.started_at.date_naive();
        let athlete = stored.athlete_id.to_string();
        let volume = Volume::of_workout(&workout.exercises, workout.body_weight_grams);
        let week = WeekStart::containing(date).to_string();
        add(totals.days.entry((athlete.clone(), date.to_string())).or_default(), &volume);
        add(totals.weeks.entry((athlete.clone(), week)).or_default(), &volume);
        for (name, value) in record_candidates(&workout.exercises, workout.body_weight_grams) {
            let record = (value, date.to_string(), stored.workout_id.to_string());
            let is_better =
                |other: &Record| (-record.0, &record.1, &record.2) < (-other.0, &other.1, &other.2);
            let key = (athlete.clone(), name);
            if totals.records.get(&key).is_none_or(is_better) {
                totals.records.insert(key, record);
            }
        }
    }
    totals
}

fn add(sum: &mut Volume, volume: &Volume) {
    sum.workouts += volume.workouts;
    sum.sets += volume.sets;
    sum.tonnage_grams.0 += volume.tonnage_grams.0;
    sum.hard_half_sets.0 += volume.hard_half_sets.0;
    for (muscle, part) in &volume.muscles {
        let muscle = sum.muscles.entry(*muscle).or_default();
        muscle.half_sets.0 += part.half_sets.0;
        muscle.tonnage_grams.0 += part.tonnage_grams.0;
    }
}

fn check_volumes(
    run: &FinishedRun<'_>,
    table: &str,
    period: &str,
    expected: &BTreeMap<Period, Volume>,
    violations: &mut Violations,
) {
    let sql = format!(
        "SELECT athlete_id, {period} AS period, workouts, sets, tonnage_grams, hard_half_sets, \
         muscles FROM {table}"
    );
    let stored = run.rows(&sql);
    let none = Volume::default();
    let key = |row: &Value| (text(row, "athlete_id").to_owned(), text(row, "period").to_owned());
    for row in &stored {
        let volume = expected.get(&key(row)).unwrap_or(&none);
        let muscles: BTreeMap<_, _> = volume
            .muscles
            .iter()
            .map(|(muscle, part)| (*muscle, (part.half_sets.0, part.tonnage_grams.0)))
            .collect();
        let actual =
            [&row["workouts"], &row["sets"], &row["tonnage_grams"], &row["hard_half_sets"]]
                .map(|value| value.as_i64().unwrap());
        let should_be =
            [volume.workouts, volume.sets, volume.tonnage_grams.0, volume.hard_half_sets.0];
        let is_equal = actual == should_be
            && serde_json::from_str::<BTreeMap<_, _>>(text(row, "muscles")).unwrap() == muscles;
        violations
            .require(is_equal, || format!("{table}: {row} should be {should_be:?} {muscles:?}"));
    }
    for missing in expected.keys().filter(|period| !stored.iter().any(|row| key(row) == **period)) {
        violations.0.push(format!("lost: {table} of {missing:?}"));
    }
}

/// Checks that the final state of each week was published, and every crossing marked as announced.
fn check_published(run: &FinishedRun<'_>, violations: &mut Violations) {
    let mut published: BTreeMap<Period, i64> = BTreeMap::new();
    for body in
        run.effects.published.values().filter(|body| body.contains("VolumeThresholdReached"))
    {
        let event = shared_kernel::Event::decode(body).unwrap();
        let shared_kernel::EventData::VolumeThresholdReached(data) = &event.data else { continue };
        let week = (data.athlete_id.to_string(), data.week_start.to_string());
        *published.entry(week).or_default() |=
            aggregation::thresholds::crossing_bits(&data.crossings);
    }
    let weeks = run.rows(
        "SELECT athlete_id, week_start, version, hard_half_sets, tonnage_grams, announced \
         FROM weekly_volume",
    );
    for week in weeks {
        let key = (text(&week, "athlete_id").to_owned(), text(&week, "week_start").to_owned());
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

//! Totals: days, weeks and records are what a recompute from the workouts gives.

use super::{Violations, rows, text};
use crate::run::Simulation;
use serde_json::Value;
use shared_kernel::EventId;
use std::collections::BTreeMap;
use storage::workouts::StoredWorkout;
use training::records::record_candidates;
use training::{Volume, WeekStart};

/// Athlete, and day or Monday.
type Period = (String, String);
/// Athlete, and what the record is of.
type RecordOf = (String, String);

#[derive(Default)]
struct Recomputed {
    days: BTreeMap<Period, Volume>,
    weeks: BTreeMap<Period, Volume>,
    records: BTreeMap<RecordOf, (i64, String, String)>,
}

/// Compares, and looks for the last word on each week.
pub fn check(run: &Simulation, found: &mut Violations) {
    let all = recompute(run);
    check_volumes(run, "daily_volume", "local_date", &all.days, found);
    check_volumes(run, "weekly_volume", "week_start", &all.weeks, found);
    let stored = rows(
        run,
        "SELECT athlete_id, entry.key AS key, entry.value ->> 0 AS value, \
         entry.value ->> 1 AS day, entry.value ->> 2 AS workout \
         FROM personal_records, json_each(document) AS entry",
    );
    let record = |row: &Value| {
        let of = (text(row, "athlete_id").to_owned(), text(row, "key").to_owned());
        let day = text(row, "day").to_owned();
        (of, (row["value"].as_i64().unwrap(), day, text(row, "workout").to_owned()))
    };
    let stored: BTreeMap<_, _> = stored.iter().map(record).collect();
    found.unless(stored == all.records, || format!("records {stored:?} are not {:?}", all.records));
    check_last_words(run, found);
}

fn recompute(run: &Simulation) -> Recomputed {
    let stored = rows(
        run,
        "SELECT athlete_id, workout_id, revision, completed_revision, status, document, \
         own_exercises, body_weight_grams, changed_at_ms, traceparent FROM workouts \
         WHERE status <> 'deleted'",
    );
    let mut all = Recomputed::default();
    for row in stored {
        let stored: StoredWorkout = serde_json::from_value(row).unwrap();
        let workout = stored.snapshot().unwrap();
        let date = workout.started_at.date_naive();
        let athlete = stored.athlete_id.to_string();
        let volume = Volume::of_workout(&workout.exercises, workout.body_weight_grams);
        let week = WeekStart::containing(date).to_string();
        add(all.days.entry((athlete.clone(), date.to_string())).or_default(), &volume);
        add(all.weeks.entry((athlete.clone(), week)).or_default(), &volume);
        for (key, value) in record_candidates(&workout.exercises, workout.body_weight_grams) {
            let claim = (value, date.to_string(), stored.workout_id.to_string());
            let better = |held: &(i64, String, String)| {
                (-claim.0, &claim.1, &claim.2) < (-held.0, &held.1, &held.2)
            };
            let of = (athlete.clone(), key);
            if all.records.get(&of).is_none_or(better) {
                all.records.insert(of, claim);
            }
        }
    }
    all
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
    run: &Simulation,
    table: &str,
    period: &str,
    expected: &BTreeMap<Period, Volume>,
    found: &mut Violations,
) {
    let sql = format!(
        "SELECT athlete_id, {period} AS period, workouts, sets, tonnage_grams, hard_half_sets, \
         muscles FROM {table}"
    );
    let stored = rows(run, &sql);
    let none = Volume::default();
    let of = |row: &Value| (text(row, "athlete_id").to_owned(), text(row, "period").to_owned());
    for row in &stored {
        let volume = expected.get(&of(row)).unwrap_or(&none);
        let muscles: BTreeMap<_, _> = volume
            .muscles
            .iter()
            .map(|(muscle, part)| (*muscle, (part.half_sets.0, part.tonnage_grams.0)))
            .collect();
        let is = [&row["workouts"], &row["sets"], &row["tonnage_grams"], &row["hard_half_sets"]]
            .map(|value| value.as_i64().unwrap());
        let should_be =
            [volume.workouts, volume.sets, volume.tonnage_grams.0, volume.hard_half_sets.0];
        let is_equal = is == should_be
            && serde_json::from_str::<BTreeMap<_, _>>(text(row, "muscles")).unwrap() == muscles;
        found.unless(is_equal, || format!("{table}: {row} should be {should_be:?} {muscles:?}"));
    }
    for missing in expected.keys().filter(|period| !stored.iter().any(|row| of(row) == **period)) {
        found.0.push(format!("lost: {table} of {missing:?}"));
    }
}

/// Of each week its last state was published, and every crossing that is marked as announced.
fn check_last_words(run: &Simulation, found: &mut Violations) {
    let effects = run.world.effects.borrow();
    let mut crossed: BTreeMap<(String, String), i64> = BTreeMap::new();
    for body in effects.published.values().filter(|body| body.contains("VolumeThresholdReached")) {
        let event = shared_kernel::Event::decode(body).unwrap();
        let shared_kernel::EventData::VolumeThresholdReached(data) = &event.data else { continue };
        let week = (data.athlete_id.to_string(), data.week_start.to_string());
        *crossed.entry(week).or_default() |=
            aggregation::thresholds::crossing_bits(&data.crossings);
    }
    let weeks = rows(
        run,
        "SELECT athlete_id, week_start, version, hard_half_sets, tonnage_grams, announced \
         FROM weekly_volume",
    );
    for week in weeks {
        let of = (text(&week, "athlete_id").to_owned(), text(&week, "week_start").to_owned());
        let number = |name: &str| week[name].to_string();
        let numbers = [number("version"), number("hard_half_sets"), number("tonnage_grams")];
        let parts = ["AggregationUpdated", &of.0, &of.1, &numbers[0], &numbers[1], &numbers[2]];
        let id = EventId::derived(&parts).to_string();
        found.unless(effects.published.contains_key(&id), || {
            format!("lost: nobody was told of the last state of {of:?}")
        });
        let announced = week["announced"].as_i64().unwrap();
        let told = crossed.get(&of).copied().unwrap_or(0);
        found.unless(announced & !told == 0, || {
            format!("lost: crossings of {of:?} are marked as announced ({announced:b}), told are {told:b}")
        });
    }
}

//! Records and landmarks are announced once each, record by record, by an independent model: the commits of
//! the ledger are replayed, and the records follow from all workouts at once, not from those that changed.

use super::finished_run::{FinishedRun, Violations};
use crate::database::text;
use crate::log_file::IS_IMPORTED;
use aggregation::thresholds::{crossing_bits, new_crossings};
use serde_json::Value;
use shared_kernel::{Event, EventData};
use std::collections::{BTreeMap, BTreeSet};
use storage::ledger::WeekState;
use training::calendar::is_recent;
use training::records::record_candidates;
use training::{Grams, RecordKey, RecordKind};

/// The exercise of the workload whose load includes the body weight.
const BODY_WEIGHT_EXERCISE: &str = "pull-up";

/// An athlete and a workout.
type Workout = (String, String);
/// A workout, the key of a record, and its value.
type Announcement = (String, RecordKey, i64);

/// A revision of a workout.
struct Revision {
    started_at_ms: i64,
    /// By key; none if it is deleted.
    candidates: BTreeMap<String, i64>,
    is_recent: bool,
}

/// The current record of a key.
#[derive(Clone)]
struct Held {
    value: i64,
    started_at_ms: i64,
    workout: String,
    beaten: Option<i64>,
    /// That of the workout which raised its own value to this one; 0 if none did.
    revision: i64,
}

/// The ledger of an athlete.
#[derive(Default)]
struct Ledger {
    /// The start and the candidates of each workout, by key.
    workouts: BTreeMap<String, (i64, i64, BTreeMap<String, i64>)>,
    /// The highest value that a workout ever had of each key.
    peaks: BTreeMap<(String, String), i64>,
    records: BTreeMap<String, Held>,
}

/// Checks the announcements of records and of landmarks.
pub fn check(
    run: &FinishedRun<'_>,
    published: &BTreeMap<String, Event>,
    notifications: &[Value],
    violations: &mut Violations,
) {
    let mut revisions = revisions(published);
    // An import publishes no revisions, and announces nothing but its end.
    for (key, (started_at_ms, candidates)) in &run.effects.candidates {
        let (started_at_ms, candidates) = (*started_at_ms, candidates.clone());
        let imported = Revision { started_at_ms, candidates, is_recent: false };
        revisions.entry(key.clone()).or_insert(imported);
    }
    check_records(run, &revisions, notifications, violations);
    check_crossings(run, published, violations);
    check_quiet_athletes(run, &revisions, notifications, violations);
}

fn revisions(published: &BTreeMap<String, Event>) -> BTreeMap<(Workout, i64), Revision> {
    let revision = |event: &Event| {
        let (workout, is_deleted) = match &event.data {
            EventData::TrainingSetRecorded(data) => (&data.workout, false),
            EventData::WorkoutCompleted(data) => (&data.workout, false),
            EventData::VolumeUpdated(data) => (&data.workout, false),
            EventData::WorkoutDeleted(data) => (&data.workout, true),
            _ => return None,
        };
        let id = (workout.athlete_id.to_string(), workout.workout_id.to_string());
        let is_recent = is_recent(workout.started_at.date_naive(), event.time);
        let all = || record_candidates(&workout.exercises, workout.body_weight_grams);
        let candidates = if is_deleted { BTreeMap::new() } else { all().into_iter().collect() };
        let started_at_ms = workout.started_at.timestamp_millis();
        Some(((id, workout.revision), Revision { started_at_ms, candidates, is_recent }))
    };
    published.values().filter_map(revision).collect()
}

fn check_records(
    run: &FinishedRun<'_>,
    revisions: &BTreeMap<(Workout, i64), Revision>,
    notifications: &[Value],
    violations: &mut Violations,
) {
    let mut announced: BTreeMap<Announcement, u32> = BTreeMap::new();
    for row in notifications.iter().filter(|row| row["kind"] == "new_record") {
        let data: Value = serde_json::from_str(text(row, "data")).unwrap();
        for record in data["records"].as_array().unwrap() {
            *announced.entry(announcement(text(&data, "workout_id"), record)).or_default() += 1;
        }
    }
    let (ledgers, broken) = replay(run, revisions);
    for (announcement, times) in &announced {
        violations.require(*times == 1, || {
            format!("duplicated: {announcement:?} was announced {times} times")
        });
        violations.require(broken.contains(announcement), || {
            format!("unexpected: {announcement:?} was no record, or is too old")
        });
    }
    let completed = run.rows("SELECT workout_id FROM workouts WHERE status = 'completed'");
    let completed: BTreeSet<_> = completed.iter().map(|row| text(row, "workout_id")).collect();
    for (athlete, ledger) in &ledgers {
        for (key, held) in &ledger.records {
            let key: RecordKey = key.parse().unwrap();
            let is_entered = matches!(key.kind, RecordKind::HeaviestWeight | RecordKind::MostReps);
            let is_announced = held.beaten.is_some()
                && held.revision > 0
                && completed.contains(held.workout.as_str())
                && (is_entered || key.exercise != BODY_WEIGHT_EXERCISE)
                && matters(&key, held)
                && is_always_recent(revisions, (athlete, &held.workout));
            // An edit may have lowered it since.
            let expected = (held.workout.clone(), key.clone(), held.value);
            let mut since = announced.range(&expected..=&(held.workout.clone(), key, i64::MAX));
            violations.require(!is_announced || since.next().is_some(), || {
                format!("lost: {expected:?} was not announced")
            });
        }
    }
}

/// Whether a record is announced by itself, whatever other records its workout set. Repetitions at a lower weight
/// than others may be dominated by a set that was deleted since.
fn matters(key: &RecordKey, held: &Held) -> bool {
    match key.kind {
        RecordKind::HeaviestWeight => true,
        RecordKind::BestE1rm => {
            held.beaten.is_some_and(|beaten| held.value * 1_000 >= beaten * 1_010)
        }
        RecordKind::MostReps | RecordKind::MostVolume => false,
    }
}

/// Returns a record of a notification.
fn announcement(workout: &str, record: &Value) -> Announcement {
    let kind = serde_json::from_value(record["kind"].clone()).unwrap();
    let value = record["value"].as_f64().unwrap();
    #[expect(clippy::cast_possible_truncation, reason = "repetitions are few")]
    let value = if kind == RecordKind::MostReps { value as i64 } else { Grams::from_kg(value).0 };
    let key = RecordKey {
        exercise: text(record, "exercise").to_owned(),
        kind,
        weight_grams: record["weight_kg"].as_f64().map(Grams::from_kg),
    };
    (workout.to_owned(), key, value)
}

/// Whether each published revision of a workout is recent. A workout whose date an edit moves may be either.
fn is_always_recent(
    revisions: &BTreeMap<(Workout, i64), Revision>,
    (athlete, workout): (&str, &str),
) -> bool {
    let id = (athlete.to_owned(), workout.to_owned());
    let of_workout = revisions.range((id.clone(), 0)..=(id, i64::MAX));
    of_workout.map(|(_, revision)| revision).all(|revision| revision.is_recent)
}

/// Replays the commits of the ledger. Returns the ledger of each athlete, and each record that a workout has
/// broken at some time and that may have been announced.
fn replay(
    run: &FinishedRun<'_>,
    revisions: &BTreeMap<(Workout, i64), Revision>,
) -> (BTreeMap<String, Ledger>, BTreeSet<Announcement>) {
    let (mut ledgers, mut broken) = (BTreeMap::<String, Ledger>::new(), BTreeSet::new());
    for commit in &run.effects.ledger_commits {
        let mut changed: BTreeMap<&str, Vec<(&str, i64, &Revision)>> = BTreeMap::new();
        for ((athlete, workout), revision) in commit {
            let ledger = ledgers.entry(athlete.clone()).or_default();
            let stored = ledger.workouts.get(workout).map_or(0, |stored| stored.0);
            let key = ((athlete.clone(), workout.clone()), *revision);
            if let Some(published) = revisions.get(&key).filter(|_| *revision > stored) {
                changed.entry(athlete).or_default().push((workout, *revision, published));
            }
        }
        for (athlete, changes) in changed {
            let ledger = ledgers.entry(athlete.to_owned()).or_default();
            ledger.apply(&changes);
            let may_announce = |workout: &str| {
                let id = (athlete.to_owned(), workout.to_owned());
                let mut of_workout = revisions.range((id.clone(), 0)..=(id, i64::MAX));
                of_workout.any(|(_, revision)| revision.is_recent)
            };
            for (key, held) in &ledger.records {
                let is_broken = held.beaten.is_some() && held.revision > 0;
                if is_broken && may_announce(&held.workout) {
                    broken.insert((held.workout.clone(), key.parse().unwrap(), held.value));
                }
            }
        }
    }
    (ledgers, broken)
}

impl Ledger {
    fn apply(&mut self, changes: &[(&str, i64, &Revision)]) {
        let mut raised: BTreeMap<(String, String), i64> = BTreeMap::new();
        for (workout, revision, published) in changes {
            for (key, value) in &published.candidates {
                let id = ((*workout).to_owned(), key.clone());
                let peak = self.peaks.entry(id.clone()).or_insert(0);
                if value > peak {
                    *peak = *value;
                    raised.insert(id, *revision);
                }
            }
            let state = (*revision, published.started_at_ms, published.candidates.clone());
            self.workouts.insert((*workout).to_owned(), state);
        }
        let mut best: BTreeMap<String, Held> = BTreeMap::new();
        for (workout, (_, started_at_ms, candidates)) in &self.workouts {
            for (key, value) in candidates {
                let order = (-value, *started_at_ms, workout);
                let other = best.get(key);
                if other.is_none_or(|o| order < (-o.value, o.started_at_ms, &o.workout)) {
                    let (value, started_at_ms) = (*value, *started_at_ms);
                    let workout = workout.clone();
                    let held = Held { value, started_at_ms, workout, beaten: None, revision: 0 };
                    best.insert(key.clone(), held);
                }
            }
        }
        for (key, held) in &mut best {
            let before = self.records.get(key);
            let same = before.filter(|before| before.workout == held.workout);
            held.beaten = match same {
                Some(same) => same.beaten,
                None => before.map(|before| before.value).filter(|value| *value < held.value),
            };
            let id = (held.workout.clone(), key.clone());
            let kept = same.map(|same| same.revision);
            held.revision = raised.get(&id).copied().or(kept).unwrap_or(0);
        }
        self.records = best;
    }
}

/// Checks that landmarks are announced of recent weeks only, and of each week with its final volume.
fn check_crossings(
    run: &FinishedRun<'_>,
    published: &BTreeMap<String, Event>,
    violations: &mut Violations,
) {
    let mut announced: BTreeMap<(String, String), i64> = BTreeMap::new();
    for event in published.values() {
        let last_day = match &event.data {
            EventData::VolumeThresholdReached(data) => {
                let week = (data.athlete_id.to_string(), data.week_start.to_string());
                *announced.entry(week).or_default() |= crossing_bits(&data.crossings);
                data.week_start.last_day()
            }
            EventData::TrainingPatternDetected(data) if data.pattern.lasts_one_week() => {
                data.since.last_day()
            }
            _ => continue,
        };
        violations.require(is_recent(last_day, event.time), || {
            format!("unexpected: old training was announced: {:?}", event.data)
        });
    }
    let open = run.rows(
        "SELECT DISTINCT athlete_id, date(local_date, 'weekday 0', '-6 days') AS week_start \
         FROM workouts WHERE status <> 'completed'",
    );
    let imported = run.imported_weeks();
    let now = chrono::DateTime::from_timestamp_millis(run.wall_ms).unwrap();
    let weeks = run.rows("SELECT *, '{}' AS landmarks FROM weekly_volume");
    for row in weeks {
        let week: WeekState = serde_json::from_value(row).unwrap();
        let (athlete, start) = (week.athlete_id.to_string(), week.week_start.to_string());
        if imported.contains(&(athlete.clone(), start.clone())) {
            continue;
        }
        let is_open =
            |row: &Value| text(row, "athlete_id") == athlete && text(row, "week_start") == start;
        if open.iter().any(is_open) || !is_recent(week.week_start.last_day(), now) {
            continue;
        }
        let crossed = crossing_bits(&new_crossings(&WeekState { announced: 0, ..week }));
        let published = announced.get(&(athlete, start)).copied().unwrap_or(0);
        violations.require(crossed & !published == 0, || {
            format!("lost: of {crossed:b}, only {published:b} were announced")
        });
    }
}

/// Checks that an athlete who only entered, changed and deleted what is over for long is notified of nothing.
fn check_quiet_athletes(
    run: &FinishedRun<'_>,
    revisions: &BTreeMap<(Workout, i64), Revision>,
    notifications: &[Value],
    violations: &mut Violations,
) {
    let with_recent_training: BTreeSet<_> = revisions
        .iter()
        .filter(|(_, revision)| revision.is_recent)
        .map(|(((athlete, _), _), _)| athlete.as_str())
        .collect();
    // The analysis of the last week reads imported workouts too.
    let imported = run.rows(&format!(
        "SELECT DISTINCT athlete_id FROM workouts WHERE {IS_IMPORTED} AND local_date > '2026-11-10'"
    ));
    let with_recent_import: BTreeSet<_> =
        imported.iter().map(|row| text(row, "athlete_id")).collect();
    for row in notifications {
        let is_expected = row["kind"] == "weekly_report"
            || row["kind"] == "import_finished"
            || with_recent_training.contains(text(row, "athlete_id"))
            || with_recent_import.contains(text(row, "athlete_id"));
        violations
            .require(is_expected, || format!("unexpected: old training was announced: {row}"));
    }
}

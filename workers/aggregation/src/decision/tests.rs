//! The events that follow from a change: what is announced, of which workout or week, and under which id.

use super::*;
use shared_kernel::EventId;
use shared_kernel::payload::{
    TrainingSetRecorded, VolumeUpdated, WorkoutCompleted, WorkoutDeleted, WorkoutSnapshot,
};
use training::landmarks::LandmarkOverrides;
use training::{HalfSets, Muscle, MuscleVolume, Volume};
use uuid::Uuid;

const WORKOUT: WorkoutId = WorkoutId(Uuid::from_u128(1));
/// A Monday.
const CHANGED_AT: &str = "2026-11-23T12:00:00Z";
const NOW: &str = "2026-12-24T12:00:00Z";

#[derive(Clone, Copy, Debug)]
enum Kind {
    Logged,
    Completed,
    Edited,
    Deleted,
}

/// An event about a revision of the workout, which is of this day.
fn event(kind: Kind, revision: i64, day: &str) -> Event {
    let workout = WorkoutSnapshot {
        athlete_id: testkit::athlete_id(1),
        workout_id: WORKOUT,
        revision,
        started_at: format!("{day}T08:00:00+00:00").parse().unwrap(),
        body_weight_grams: None,
        exercises: Vec::new(),
    };
    let message = match kind {
        Kind::Logged => testkit::message(TrainingSetRecorded { workout }),
        Kind::Completed => testkit::message(WorkoutCompleted { workout }),
        Kind::Edited => testkit::message(VolumeUpdated { workout }),
        Kind::Deleted => testkit::message(WorkoutDeleted { workout }),
    };
    let event = Event::decode(&message.body).unwrap();
    Event { time: CHANGED_AT.parse().unwrap(), ..event }
}

fn change(event: &Event) -> Change<'_> {
    let entry = crate::ledger_entry::empty_ledger_entry(match &event.data {
        EventData::TrainingSetRecorded(data) => &data.workout,
        EventData::WorkoutCompleted(data) => &data.workout,
        EventData::VolumeUpdated(data) => &data.workout,
        EventData::WorkoutDeleted(data) => &data.workout,
        other => panic!("{other:?}"),
    });
    Change { entry: entry.unwrap(), cause: event }
}

/// A week with 30 hard sets of chest, which crosses both landmarks.
fn week(monday: &str, announced: i64) -> WeekState {
    let part = MuscleVolume { half_sets: HalfSets(60), direct_sets: 30, ..MuscleVolume::default() };
    let volume = Volume { muscles: BTreeMap::from([(Muscle::Chest, part)]), ..Volume::default() };
    WeekState {
        athlete_id: testkit::athlete_id(1),
        week_start: WeekStart::containing(monday.parse().unwrap()),
        volume,
        version: 1,
        announced,
        landmarks: LandmarkOverrides::default(),
    }
}

fn held(revision: i64, key: &str) -> HeldRecord {
    HeldRecord {
        athlete_id: testkit::athlete_id(1),
        workout_id: WORKOUT,
        revision,
        key: key.to_owned(),
        value: 110_000,
        beaten: Some(100_000),
        custom_name: None,
        is_dominated: false,
        units: None,
    }
}

fn decide_on(events: &[Event], update: &LedgerUpdate) -> Vec<Event> {
    let changes: Vec<_> = events.iter().map(change).collect();
    let changes: Vec<_> = changes.iter().collect();
    decide(&changes, update, NOW.parse().unwrap()).events
}

/// The events about a week after a change of the workout of this day: `week`, `quiet week` and `crossings`.
fn check_week(kind: Kind, day: &str, expected: &[&str]) {
    let week_start = WeekStart::containing(day.parse().unwrap()).to_string();
    let update = LedgerUpdate { weeks: vec![week(&week_start, 0)], ..LedgerUpdate::default() };
    let events = decide_on(&[event(kind, 2, day)], &update);
    let summary = events.iter().map(|event| match &event.data {
        EventData::AggregationUpdated(data) if data.quiet => "quiet week",
        EventData::AggregationUpdated(_) => "week",
        EventData::VolumeThresholdReached(_) => "crossings",
        other => panic!("{other:?}"),
    });
    assert_eq!(summary.collect::<Vec<_>>(), expected, "{kind:?} {day}");
}

#[test]
fn week_is_recent_for_two_weeks_after_it() {
    use Kind::{Completed, Deleted, Edited, Logged};
    let announced = ["week", "crossings"];
    check_week(Completed, "2026-11-23", &announced);
    check_week(Edited, "2026-11-23", &announced);
    // The week ended 8 and 15 days before the change, and all of them a month before it is handled.
    check_week(Completed, "2026-11-09", &announced);
    check_week(Completed, "2026-11-08", &["quiet week"]);
    check_week(Edited, "2025-11-23", &["quiet week"]);
    check_week(Deleted, "2026-11-23", &["quiet week"]);
    check_week(Deleted, "2025-11-23", &["quiet week"]);
    check_week(Logged, "2026-11-23", &[]);
}

#[test]
fn recent_change_among_quiet_ones_is_announced() {
    let mut deleted = event(Kind::Deleted, 2, "2026-11-23");
    let EventData::WorkoutDeleted(data) = &mut deleted.data else { unreachable!() };
    data.workout.workout_id = WorkoutId(Uuid::from_u128(2));
    let update = LedgerUpdate { weeks: vec![week("2026-11-23", 0)], ..LedgerUpdate::default() };
    let events = decide_on(&[event(Kind::Completed, 1, "2026-11-23"), deleted], &update);
    let EventData::AggregationUpdated(data) = &events[0].data else { panic!("{events:?}") };
    assert!(!data.quiet);
}

#[test]
fn week_that_a_workout_left_is_quiet() {
    let weeks = vec![week("2026-11-16", 0), week("2026-11-23", 0)];
    let update = LedgerUpdate { weeks, ..LedgerUpdate::default() };
    let events = decide_on(&[event(Kind::Edited, 2, "2026-11-23")], &update);
    let quiet = events.iter().filter_map(|event| match &event.data {
        EventData::AggregationUpdated(data) => Some((data.week_start.to_string(), data.quiet)),
        _ => None,
    });
    let expected = [("2026-11-16".to_owned(), true), ("2026-11-23".to_owned(), false)];
    assert_eq!(quiet.collect::<Vec<_>>(), expected);
}

/// The notifications about records, as their ids and the numbers of their records.
fn records(kind: Kind, revision: i64, records: Vec<HeldRecord>) -> Vec<(EventId, u64)> {
    let update = LedgerUpdate { records, ..LedgerUpdate::default() };
    let events = decide_on(&[event(kind, revision, "2026-11-23")], &update);
    let notifications = events.iter().filter_map(|event| match &event.data {
        EventData::NotificationRequested(data) => {
            Some((event.id, data.data["records_total"].as_u64().unwrap()))
        }
        _ => None,
    });
    notifications.collect()
}

#[test]
fn id_of_a_notification_is_that_of_workout_and_revision() {
    let (bench, squat) =
        ("barbell-bench-press/heaviest_weight", "barbell-back-squat/heaviest_weight");
    let posted = records(Kind::Completed, 1, vec![held(1, bench), held(1, squat)]);
    assert_eq!(posted.iter().map(|(_, total)| *total).collect::<Vec<_>>(), [2]);
    let id = posted[0].0;
    // Another workout has taken the squat's record before the redelivery.
    assert_eq!(records(Kind::Completed, 1, vec![held(1, bench)]), [(id, 1)]);
    // An edit publishes what is not marked under the id of its revision, and its own under another one.
    let edited = records(Kind::Edited, 2, vec![held(1, bench), held(2, squat)]);
    assert_eq!((edited.len(), edited[0]), (2, (id, 1)));
    assert_ne!(edited[1].0, id);
    // A late message publishes nothing of later revisions.
    assert_eq!(records(Kind::Completed, 1, vec![held(2, bench)]), []);
    assert_eq!(records(Kind::Edited, 2, Vec::new()), []);
}

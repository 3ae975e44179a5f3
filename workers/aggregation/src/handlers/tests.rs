//! The handlers on real SQL, with a recording sink: totals, published events, redeliveries, faults.

use super::*;
use chrono::DateTime;
use platform::Publisher;
use platform::consumer::RawMessage;
use proptest::prelude::*;
use shared_kernel::payload::{
    Threshold, TrainingSetRecorded, VolumeUpdated, WorkoutCompleted, WorkoutDeleted,
    WorkoutSnapshot,
};
use shared_kernel::{Event, EventData, EventType, MessageResult, Queue, WorkoutId};
use std::collections::BTreeMap;
use testkit::{
    DatabaseFault, Databases, FixedClock, RecordingSink, TRACE_ID, athlete_id, consume,
    create_athlete, message,
};
use training::{Exercise, Grams, PerformedExercise, PerformedSet, SetKind};
use uuid::Uuid;

mod workout_changed;

struct Fixture {
    database: Databases,
    shards: Shards,
    sink: Rc<RecordingSink>,
    registry: Registry,
}

impl Fixture {
    fn new(athletes: u128) -> Self {
        let (database, shards) = testkit::databases();
        for n in 1..=athletes {
            create_athlete(&database, n);
        }
        let sink = Rc::new(RecordingSink::default());
        let clock = Rc::new(FixedClock::at("2026-11-23T12:00:00Z"));
        let publisher = AggregationEventPublisher::new(Publisher::new(Rc::clone(&sink) as _));
        let registry = registry(shards.clone(), publisher, clock);
        Self { database, shards, sink, registry }
    }

    fn consume(&self, messages: &[RawMessage]) -> Vec<MessageResult> {
        consume(&self.registry, &self.shards, &self.sink, Queue::VolumeAggregation, messages)
    }

    fn totals(&self) -> Vec<String> {
        let mut totals = self.database.query(
            "SELECT athlete_id, local_date, workouts, sets, tonnage_grams, hard_half_sets, \
             muscles FROM daily_volume ORDER BY 1, 2",
        );
        totals.extend(self.database.query(
            "SELECT athlete_id, week_start, workouts, sets, tonnage_grams, hard_half_sets, \
             muscles, version, announced FROM weekly_volume ORDER BY 1, 2",
        ));
        totals
    }
}

/// Returns a bench press workout with `sets` hard sets.
fn snapshot(
    athlete: u128,
    workout: u128,
    revision: i64,
    day: &str,
    sets: usize,
) -> WorkoutSnapshot {
    let bench = Exercise::find("barbell-bench-press").unwrap();
    let set = PerformedSet {
        kind: SetKind::Working,
        weight_grams: Some(Grams::from_kg(100.0)),
        reps: Some(8),
        rpe: None,
        duration_s: None,
        distance_m: None,
    };
    WorkoutSnapshot {
        athlete_id: athlete_id(athlete),
        workout_id: WorkoutId(Uuid::from_u128(workout)),
        revision,
        started_at: DateTime::parse_from_rfc3339(&format!("{day}T18:00:00+01:00")).unwrap(),
        body_weight_grams: None,
        exercises: vec![PerformedExercise {
            exercise: bench.slug.clone(),
            load: bench.load,
            primary: bench.primary.to_vec(),
            secondary: bench.secondary.to_vec(),
            sets: vec![set; sets],
        }],
    }
}

fn completed(workout: WorkoutSnapshot) -> RawMessage {
    message(WorkoutCompleted { workout })
}

#[test]
fn completed_workout_updates_totals_and_publishes_its_threshold_crossings() {
    let fixture = Fixture::new(1);
    assert_eq!(
        fixture.consume(&[completed(snapshot(1, 1, 1, "2026-11-18", 30))]),
        [MessageResult::Ack]
    );
    let day = fixture.database.query("SELECT * FROM daily_volume");
    assert_eq!(
        day,
        [
            r#"{"athlete_id":"01900000-0000-7000-8000-000000000001","hard_half_sets":60,"local_date":"2026-11-18","muscles":"{\"chest\":[30,0,24000000],\"front_delts\":[0,30,0],\"triceps\":[0,30,0]}","sets":30,"tonnage_grams":24000000,"workouts":1}"#
        ]
    );
    let events = fixture.sink.take_events();
    let types: Vec<_> = events.iter().map(Event::event_type).collect();
    assert_eq!(types, [EventType::AggregationUpdated, EventType::VolumeThresholdReached]);
    let EventData::VolumeThresholdReached(reached) = &events[1].data else { unreachable!() };
    let crossed: Vec<_> = reached
        .crossings
        .iter()
        .map(|crossing| (crossing.muscle.as_str(), crossing.threshold))
        .collect();
    assert_eq!(crossed, [("chest", Threshold::MevReached), ("chest", Threshold::MrvExceeded),]);
    assert_eq!(events[1].trace.trace_id(), TRACE_ID);
}

#[test]
fn week_of_an_open_workout_is_announced_with_its_completion() {
    let fixture = Fixture::new(1);
    let open = TrainingSetRecorded { workout: snapshot(1, 1, 1, "2026-11-18", 30) };
    assert_eq!(fixture.consume(&[message(open)]), [MessageResult::Ack]);
    assert_eq!(fixture.totals().len(), 2, "its volume counts at once");
    assert_eq!(fixture.sink.take_events(), []);
    fixture.consume(&[completed(snapshot(1, 1, 2, "2026-11-18", 30))]);
    let types: Vec<_> = fixture.sink.take_events().iter().map(Event::event_type).collect();
    assert_eq!(types, [EventType::AggregationUpdated, EventType::VolumeThresholdReached]);
}

#[test]
fn batch_of_100_athletes_takes_two_round_trips_per_database() {
    let fixture = Fixture::new(100);
    let messages: Vec<_> =
        (1..=100).map(|n| completed(snapshot(n, n, 1, "2026-11-18", 3))).collect();
    let before = fixture.database.round_trips();
    assert_eq!(fixture.consume(&messages), [MessageResult::Ack; 100]);
    let databases = storage::shards::ATHLETES.len() as u64;
    let round_trips = (fixture.database.round_trips() - before) / databases;
    println!(
        "budget: a batch of 100 at aggregation: {round_trips} D1 round trips per database (at most 3)"
    );
    assert_eq!(fixture.database.round_trips() - before, 2 * databases);
    assert_eq!(fixture.sink.take_events().len(), 100);
}

#[test]
fn batch_of_four_event_types_takes_two_round_trips() {
    let fixture = Fixture::new(1);
    let batch = [
        message(TrainingSetRecorded { workout: snapshot(1, 1, 1, "2026-11-18", 1) }),
        completed(snapshot(1, 2, 1, "2026-11-18", 2)),
        message(VolumeUpdated { workout: snapshot(1, 3, 2, "2026-11-18", 4) }),
        message(WorkoutDeleted { workout: snapshot(1, 4, 2, "2026-11-18", 8) }),
    ];
    let before = fixture.database.round_trips();
    assert_eq!(fixture.consume(&batch), [MessageResult::Ack; 4]);
    assert_eq!(fixture.database.round_trips() - before, 2);
    assert_eq!(fixture.database.query("SELECT sets FROM weekly_volume"), [r#"{"sets":7}"#]);
}

#[test]
fn failing_event_is_dead_lettered_and_the_other_99_processed() {
    let fixture = Fixture::new(99);
    // Athlete 100 does not exist: the row of its workout violates a foreign key.
    let messages: Vec<_> =
        (1..=100).map(|n| completed(snapshot(n, n, 1, "2026-11-18", 3))).collect();
    let results = fixture.consume(&messages);
    assert_eq!(results[..99], [MessageResult::Ack; 99]);
    assert_eq!(results[99], MessageResult::DeadLetter);
    assert_eq!(fixture.database.query("SELECT 1 FROM volume_ledger").len(), 99);
    let dead_letters = fixture.sink.take_dead_letters(Queue::VolumeAggregation);
    assert_eq!(dead_letters.len(), 1);
    assert!(dead_letters[0].reason.contains("FOREIGN KEY"), "{}", dead_letters[0].reason);
    assert_eq!(dead_letters[0].body, messages[99].body);
}

#[test]
fn malformed_and_invalid_events_are_dead_lettered_with_a_reason() {
    let fixture = Fixture::new(1);
    let garbage = RawMessage { id: "g".to_owned(), body: "garbage".to_owned(), attempts: 1 };
    let mut heavy = snapshot(1, 1, 1, "2026-11-18", 1);
    heavy.exercises[0].sets[0].weight_grams = Some(Grams(i64::MAX));
    let batch = [garbage, completed(heavy), completed(snapshot(1, 2, 0, "2026-11-18", 1))];
    assert_eq!(fixture.consume(&batch), [MessageResult::DeadLetter; 3]);
    let dead_letters = fixture.sink.take_dead_letters(Queue::VolumeAggregation);
    let reasons: Vec<_> =
        dead_letters.iter().map(|dead_letter| dead_letter.reason.as_str()).collect();
    assert!(reasons[0].contains("not a CloudEvents"), "{reasons:?}");
    assert!(reasons[1].contains("a weight out of bounds"), "{reasons:?}");
    assert!(reasons[2].contains("revision 0"), "{reasons:?}");
    assert_eq!(fixture.totals(), Vec::<String>::new());
}

#[test]
fn database_outage_delays_retries_then_dead_letters_the_event() {
    let fixture = Fixture::new(1);
    for (attempts, delay_s) in [(1, 1), (2, 2), (3, 4)] {
        fixture.database.fail_next(&[DatabaseFault::BeforeCommit]);
        let message = RawMessage { attempts, ..completed(snapshot(1, 1, 1, "2026-11-18", 3)) };
        assert_eq!(fixture.consume(&[message]), [MessageResult::Retry { delay_s }]);
    }
    fixture.database.fail_next(&[DatabaseFault::BeforeCommit]);
    let last = RawMessage { attempts: 4, ..completed(snapshot(1, 1, 1, "2026-11-18", 3)) };
    assert_eq!(fixture.consume(&[last]), [MessageResult::DeadLetter]);
    let dead_letters = fixture.sink.take_dead_letters(Queue::VolumeAggregation);
    assert_eq!(dead_letters[0].reason, "database: Network connection lost");
    assert_eq!(dead_letters[0].attempts, 4);
}

#[test]
fn moving_a_workout_to_another_week_updates_both_weeks() {
    let fixture = Fixture::new(1);
    fixture.consume(&[completed(snapshot(1, 1, 1, "2026-11-15", 3))]);
    fixture.sink.take_events();
    let moved = VolumeUpdated { workout: snapshot(1, 1, 2, "2026-11-16", 3) };
    fixture.consume(&[message(moved)]);
    let weeks = fixture.database.query("SELECT week_start, sets FROM weekly_volume ORDER BY 1");
    assert_eq!(
        weeks,
        [r#"{"sets":0,"week_start":"2026-11-09"}"#, r#"{"sets":3,"week_start":"2026-11-16"}"#]
    );
    assert_eq!(fixture.sink.take_events().len(), 2, "both weeks changed");
}

/// A workout that is moved to and fro while nothing can be published.
#[test]
fn weeks_that_a_workout_left_are_remembered_once() {
    let fixture = Fixture::new(1);
    for revision in 1..=20 {
        fixture.sink.fail_next(9);
        let date =
            ["2026-11-15", "2026-11-14", "2026-11-16"][usize::try_from(revision).unwrap() % 3];
        let moved = VolumeUpdated { workout: snapshot(1, 1, revision, date, 3) };
        fixture.consume(&[message(moved)]);
    }
    let moved_from = "SELECT moved_from FROM volume_ledger";
    let weeks = fixture.database.query(moved_from);
    assert_eq!(weeks, [r#"{"moved_from":"2026-11-09 2026-11-16"}"#]);
    fixture.sink.fail_next(0);
    fixture.sink.take_events();
    let last = VolumeUpdated { workout: snapshot(1, 1, 21, "2026-11-02", 3) };
    fixture.consume(&[message(last)]);
    assert_eq!(fixture.sink.take_events().len(), 3, "each week is published");
    assert_eq!(fixture.database.query(moved_from), [r#"{"moved_from":null}"#]);
}

#[test]
fn every_event_of_the_queue_has_a_handler() {
    let handled = Fixture::new(0).registry.types();
    for event_type in EventType::ALL {
        let is_routed_here = event_type.queue() == Queue::VolumeAggregation;
        assert_eq!(handled.contains(event_type), is_routed_here, "{event_type:?}");
    }
}

/// Generates histories of two athletes with three workouts each: consecutive revisions on any day,
/// with any number of sets.
fn history() -> impl Strategy<Value = Vec<RawMessage>> {
    let step = (1_u128..=2, 1_u128..=3, 9_u32..=22, 0_usize..30, 0_u8..4);
    prop::collection::vec(step, 1..12).prop_map(|steps| {
        let mut revisions: BTreeMap<(u128, u128), i64> = BTreeMap::new();
        let mut messages = Vec::new();
        for (athlete, workout, day, sets, kind) in steps {
            let revision = revisions.entry((athlete, workout)).or_default();
            *revision += 1;
            let id = athlete * 10 + workout;
            let workout = snapshot(athlete, id, *revision, &format!("2026-11-{day:02}"), sets);
            messages.push(match kind {
                0 => message(TrainingSetRecorded { workout }),
                1 => message(WorkoutCompleted { workout }),
                2 => message(WorkoutDeleted { workout }),
                _ => message(VolumeUpdated { workout }),
            });
        }
        messages
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Events arrive in any order and batches, repeatedly, and meet database faults: the totals are
    /// those of the newest revisions.
    #[test]
    fn duplicates_reordering_and_crashes_do_not_change_totals(
        messages in history(),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        faults in prop::collection::vec(prop::option::of(any::<bool>()), 0..10),
    ) {
        let faultless = Fixture::new(2);
        for message in &messages {
            faultless.consume(std::slice::from_ref(message));
        }
        let faulty = Fixture::new(2);
        // Each of these deliveries meets its fault, if it has one, at its first database call.
        for (fault, index) in faults.iter().zip(&order) {
            let fault = fault.map(|is_committed| if is_committed { DatabaseFault::AfterCommit } else { DatabaseFault::BeforeCommit });
            faulty.database.fail_next(fault.as_slice());
            faulty.consume(&[index.get(&messages).clone()]);
        }
        let shuffled: Vec<_> = order.iter().map(|index| index.get(&messages).clone()).collect();
        for batch in shuffled.chunks(3) {
            faulty.consume(batch);
        }
        // Finally every event is redelivered alone, the oldest revisions last.
        for message in messages.iter().rev() {
            faulty.consume(std::slice::from_ref(message));
        }
        let weekly_totals = |fixture: &Fixture| {
            fixture.database.query(
                "SELECT athlete_id, week_start, workouts, sets, tonnage_grams, hard_half_sets, \
                 muscles, version FROM weekly_volume WHERE version > 0 ORDER BY 1, 2")
        };
        prop_assert_eq!(weekly_totals(&faultless), weekly_totals(&faulty));
        let ledger = |fixture: &Fixture| fixture.database.query(
            "SELECT athlete_id, workout_id, revision, local_date, sets FROM volume_ledger");
        prop_assert_eq!(ledger(&faultless), ledger(&faulty));
    }
}

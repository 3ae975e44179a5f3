//! The handlers on real SQL: what is published and stored, repeats, and the round trips.

use super::*;
use crate::narrator::Template;
use crate::publisher::AIEventPublisher;
use platform::Publisher;
use platform::consumer::{RawMessage, Verdict};
use shared_kernel::payload::{
    AggregationUpdated, Crossing, Threshold, TrainingPatternDetected, VolumeThresholdReached,
};
use shared_kernel::routing::queue_of;
use shared_kernel::{EventData, EventType, Queue, WorkoutId};
use std::rc::Rc;
use storage::Shards;
use storage::volume::{self, LedgerEntry};
use testkit::{
    Fault, FixedClock, RecordingSink, Sqlite, athlete, athlete_id, consume, message, run,
};
use training::{HalfSets, Muscle, MuscleVolume, Volume, WeekStart};
use uuid::Uuid;

struct House {
    database: Rc<Sqlite>,
    shards: Shards,
    sink: Rc<RecordingSink>,
    registry: Registry,
}

impl House {
    fn new(athletes: u128) -> Self {
        let (database, shards) = testkit::database();
        for n in 1..=athletes {
            athlete(&database, n);
        }
        let sink = Rc::new(RecordingSink::default());
        let publisher = AIEventPublisher::new(Publisher::new(Rc::clone(&sink) as _));
        let clock = Rc::new(FixedClock::at("2026-11-25T12:00:00Z"));
        let registry = registry(Analysis {
            shards: shards.clone(),
            publisher,
            narrator: Rc::new(Template),
            clock,
        });
        Self { database, shards, sink, registry }
    }

    /// So many half sets of a muscle on a day.
    fn trained(&self, n: u128, day: &str, muscle: Muscle, half_sets: i64) {
        let part = MuscleVolume { half_sets: HalfSets(half_sets), ..MuscleVolume::default() };
        let entry = LedgerEntry {
            athlete_id: athlete_id(n),
            workout_id: WorkoutId(Uuid::new_v5(
                &Uuid::NAMESPACE_OID,
                format!("{n}{day}").as_bytes(),
            )),
            revision: 1,
            local_date: day.parse().unwrap(),
            volume: Volume { workouts: 1, muscles: [(muscle, part)].into(), ..Volume::default() },
            performances: std::collections::BTreeMap::new(),
            bests: std::collections::BTreeMap::new(),
        };
        run(volume::apply(&*self.database, &[entry], &[])).unwrap();
    }

    fn consume(&self, messages: &[RawMessage]) -> Vec<Verdict> {
        consume(&self.registry, &self.shards, &self.sink, Queue::AiAnalysis, messages)
    }

    fn patterns(&self) -> Vec<TrainingPatternDetected> {
        let patterns = self.sink.take_events().into_iter().map(|event| match event.data {
            EventData::TrainingPatternDetected(pattern) => pattern,
            other => panic!("{other:?}"),
        });
        patterns.collect()
    }
}

fn week(monday: &str) -> WeekStart {
    WeekStart::of(monday.parse().unwrap())
}

fn updated(n: u128, monday: &str) -> RawMessage {
    let data = AggregationUpdated {
        athlete_id: athlete_id(n),
        week_start: week(monday),
        volume: Volume::default(),
    };
    message(data)
}

fn crossed(n: u128, monday: &str, threshold: Threshold) -> RawMessage {
    let data = VolumeThresholdReached {
        athlete_id: athlete_id(n),
        week_start: week(monday),
        crossings: vec![Crossing {
            muscle: Muscle::Chest,
            threshold,
            half_sets: HalfSets(60),
            limit_half_sets: HalfSets(48),
        }],
    };
    message(data)
}

#[test]
fn a_week_over_mrv_is_published_stored_and_told_once_however_often_it_is_asked() {
    let house = House::new(1);
    house.trained(1, "2026-11-24", Muscle::Chest, 60);
    let batch = [
        updated(1, "2026-11-23"),
        crossed(1, "2026-11-23", Threshold::MrvExceeded),
        updated(1, "2026-11-23"),
    ];
    assert_eq!(house.consume(&batch), [Verdict::Ack; 3]);
    let patterns = house.patterns();
    assert_eq!(patterns.len(), 1);
    assert_eq!((patterns[0].subject.as_str(), patterns[0].confidence), ("chest", 1.0));
    assert!(patterns[0].recommendation.contains("30 hard sets for chest"));
    assert_eq!(house.consume(&batch), [Verdict::Ack; 3]);
    assert_eq!(house.patterns().len(), 0);
    assert_eq!(house.database.query("SELECT subject FROM patterns"), [r#"{"subject":"chest"}"#]);
}

#[test]
fn a_threshold_alone_is_analysed_at_once_and_mev_reached_costs_nothing() {
    let house = House::new(1);
    house.trained(1, "2026-11-24", Muscle::Chest, 60);
    let before = house.database.round_trips();
    house.consume(&[crossed(1, "2026-11-23", Threshold::MevReached)]);
    assert_eq!(house.database.round_trips() - before, 0);
    house.consume(&[crossed(1, "2026-11-23", Threshold::MrvExceeded)]);
    assert_eq!(house.patterns().len(), 1);
}

#[test]
fn two_weeks_below_mev_are_told_once_a_muscle() {
    let house = House::new(1);
    house.trained(1, "2026-11-10", Muscle::Chest, 4);
    house.trained(1, "2026-11-17", Muscle::Chest, 4);
    house.consume(&[updated(1, "2026-11-16")]);
    let found: Vec<_> = house.patterns().into_iter().map(|pattern| pattern.subject).collect();
    assert_eq!(
        found,
        [
            "chest",
            "back",
            "side_delts",
            "biceps",
            "triceps",
            "quads",
            "hamstrings",
            "glutes",
            "calves"
        ]
    );
    house.consume(&[updated(1, "2026-11-16")]);
    assert_eq!(house.patterns().len(), 0);
}

#[test]
fn an_older_week_that_comes_late_is_no_news() {
    let house = House::new(1);
    house.trained(1, "2026-11-10", Muscle::Chest, 4);
    house.trained(1, "2026-11-17", Muscle::Chest, 4);
    house.consume(&[updated(1, "2026-11-16")]);
    assert_eq!(house.patterns().len(), 9);
    house.trained(1, "2026-11-03", Muscle::Chest, 4);
    house.consume(&[updated(1, "2026-11-02")]);
    assert_eq!(house.patterns().len(), 0);
}

#[test]
fn a_mark_that_is_lost_after_publishing_publishes_the_same_event_again() {
    let house = House::new(1);
    house.trained(1, "2026-11-24", Muscle::Chest, 60);
    house.database.execute(
        "CREATE TRIGGER lost BEFORE INSERT ON patterns \
         BEGIN SELECT raise(ABORT, 'no such table: disk'); END",
    );
    assert_eq!(house.consume(&[updated(1, "2026-11-23")]), [Verdict::Retry { delay_s: 1 }]);
    let first = house.sink.take_events();
    house.database.execute("DROP TRIGGER lost");
    assert_eq!(house.consume(&[updated(1, "2026-11-23")]), [Verdict::Ack]);
    let second = house.sink.take_events();
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_eq!(first[0].id, second[0].id);
}

#[test]
fn a_queue_or_a_database_that_is_away_is_a_retry_and_nothing_is_marked() {
    let house = House::new(1);
    house.trained(1, "2026-11-24", Muscle::Chest, 60);
    house.sink.refuse_next(3);
    assert_eq!(house.consume(&[updated(1, "2026-11-23")]), [Verdict::Retry { delay_s: 1 }]);
    house.database.fail_next(&[Fault::BeforeCommit]);
    assert_eq!(house.consume(&[updated(1, "2026-11-23")]), [Verdict::Retry { delay_s: 1 }]);
    assert_eq!(house.database.query("SELECT 1 FROM patterns"), Vec::<String>::new());
    assert_eq!(house.patterns().len(), 0);
}

#[test]
fn ten_athletes_are_read_in_one_round_trip_and_each_gets_only_its_own() {
    let house = House::new(10);
    for n in 1..=10 {
        house.trained(n, "2026-11-24", Muscle::Chest, if n == 7 { 60 } else { 20 });
    }
    let batch: Vec<_> = (1..=10).map(|n| updated(n, "2026-11-23")).collect();
    let before = house.database.round_trips();
    house.consume(&batch);
    assert_eq!(house.database.round_trips() - before, 2, "one to read, one to mark");
    let patterns = house.patterns();
    assert_eq!(patterns.len(), 1);
    assert_eq!(patterns[0].athlete_id, athlete_id(7));
}

#[test]
fn every_event_of_the_queue_has_a_handler() {
    let handled = House::new(0).registry.types();
    for event_type in EventType::ALL {
        let travels_here = queue_of(*event_type) == Queue::AiAnalysis;
        assert_eq!(handled.contains(event_type), travels_here, "{event_type:?}");
    }
}

//! The handlers on real SQL: published events, stored rows, repeats and round trips.

use super::*;
use crate::narrator::Template;
use crate::publisher::AIEventPublisher;
use platform::Publisher;
use platform::consumer::RawMessage;
use shared_kernel::MessageResult;
use shared_kernel::payload::{
    AggregationUpdated, Crossing, NotificationRequested, Threshold, TrainingPatternDetected,
    TrainingWeekEnded, VolumeThresholdReached,
};
use shared_kernel::{EventData, EventType, Queue, WorkoutId};
use std::collections::BTreeMap;
use std::rc::Rc;
use storage::Shards;
use storage::ledger::{self, LedgerEntry};
use testkit::{
    DatabaseFault, Databases, FixedClock, RecordingSink, athlete_id, consume, create_athlete,
    message, run,
};
use training::e1rm::E1rmFormula;
use training::performance::{BestSet, ExercisePerformance};
use training::{Grams, HalfSets, Muscle, MuscleVolume, Volume, WeekStart};
use uuid::Uuid;

mod quiet;

struct Fixture {
    database: Databases,
    shards: Shards,
    sink: Rc<RecordingSink>,
    registry: Registry,
    clock: Rc<FixedClock>,
}

impl Fixture {
    fn new(athletes: u128) -> Self {
        let (database, shards) = testkit::databases();
        for n in 1..=athletes {
            create_athlete(&database, n);
        }
        let sink = Rc::new(RecordingSink::default());
        let publisher = AIEventPublisher::new(Publisher::new(Rc::clone(&sink) as _));
        let clock = Rc::new(FixedClock::at("2026-11-25T12:00:00Z"));
        let clock_of_analysis = Rc::clone(&clock);
        let registry = registry(Analysis {
            shards: shards.clone(),
            publisher,
            narrator: Rc::new(Template),
            clock: clock_of_analysis,
        });
        Self { database, shards, sink, registry, clock }
    }

    /// Stores a workout with half sets of a muscle.
    fn add_workout(&self, n: u128, day: &str, muscle: Muscle, half_sets: i64) {
        self.add_revision(n, day, muscle, half_sets, 1);
    }

    /// Stores a revision of the workout of a day.
    fn add_revision(&self, n: u128, day: &str, muscle: Muscle, half_sets: i64, revision: i64) {
        let direct_sets = half_sets / 2;
        let part =
            MuscleVolume { half_sets: HalfSets(half_sets), direct_sets, ..MuscleVolume::default() };
        let entry = LedgerEntry {
            athlete_id: athlete_id(n),
            workout_id: WorkoutId(Uuid::new_v5(
                &Uuid::NAMESPACE_OID,
                format!("{n}{day}").as_bytes(),
            )),
            revision,
            local_date: day.parse().unwrap(),
            started_at_ms: 0,
            volume: Volume { workouts: 1, muscles: [(muscle, part)].into(), ..Volume::default() },
            performances: BTreeMap::new(),
            bests: BTreeMap::new(),
        };
        let database = self.shards.for_athlete(entry.athlete_id);
        run(ledger::apply(database, &[entry], &[])).unwrap();
    }

    fn consume(&self, messages: &[RawMessage]) -> Vec<MessageResult> {
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
    WeekStart::containing(monday.parse().unwrap())
}

fn updated(n: u128, monday: &str) -> RawMessage {
    changed(n, monday, false)
}

fn changed(n: u128, monday: &str, quiet: bool) -> RawMessage {
    let data = AggregationUpdated {
        athlete_id: athlete_id(n),
        week_start: week(monday),
        volume: Volume::default(),
        quiet,
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
fn week_over_mrv_is_published_and_stored_once() {
    let fixture = Fixture::new(1);
    fixture.add_workout(1, "2026-11-24", Muscle::Chest, 60);
    let batch = [
        updated(1, "2026-11-23"),
        crossed(1, "2026-11-23", Threshold::MrvExceeded),
        updated(1, "2026-11-23"),
    ];
    assert_eq!(fixture.consume(&batch), [MessageResult::Ack; 3]);
    let patterns = fixture.patterns();
    assert_eq!(patterns.len(), 1);
    assert_eq!((patterns[0].subject.as_str(), patterns[0].confidence), ("chest", 1.0));
    assert!(patterns[0].recommendation.contains("30 hard sets for chest"));
    assert_eq!(fixture.consume(&batch), [MessageResult::Ack; 3]);
    assert_eq!(fixture.patterns().len(), 0);
    assert_eq!(fixture.database.query("SELECT subject FROM patterns"), [r#"{"subject":"chest"}"#]);
}

#[test]
fn mrv_crossing_is_analysed_and_mev_crossing_is_ignored() {
    let fixture = Fixture::new(1);
    fixture.add_workout(1, "2026-11-24", Muscle::Chest, 60);
    let before = fixture.database.round_trips();
    fixture.consume(&[crossed(1, "2026-11-23", Threshold::MevReached)]);
    assert_eq!(fixture.database.round_trips() - before, 0);
    fixture.consume(&[crossed(1, "2026-11-23", Threshold::MrvExceeded)]);
    assert_eq!(fixture.patterns().len(), 1);
}

#[test]
fn two_weeks_below_mev_notify_of_three_changes_at_most() {
    let fixture = Fixture::new(1);
    fixture.add_workout(1, "2026-11-10", Muscle::Chest, 4);
    fixture.add_workout(1, "2026-11-17", Muscle::Chest, 4);
    fixture.consume(&[updated(1, "2026-11-16")]);
    let found: Vec<_> = fixture.patterns().into_iter().map(|pattern| pattern.subject).collect();
    assert_eq!(found, ["chest", "back", "quads"]);
    fixture.consume(&[updated(1, "2026-11-16")]);
    assert_eq!(fixture.patterns().len(), 0);
}

#[test]
fn late_older_week_does_not_notify_again() {
    let fixture = Fixture::new(1);
    fixture.add_workout(1, "2026-11-10", Muscle::Chest, 4);
    fixture.add_workout(1, "2026-11-17", Muscle::Chest, 4);
    fixture.consume(&[updated(1, "2026-11-16")]);
    assert_eq!(fixture.patterns().len(), 3);
    fixture.add_workout(1, "2026-11-03", Muscle::Chest, 4);
    fixture.consume(&[updated(1, "2026-11-02")]);
    assert_eq!(fixture.patterns().len(), 0);
}

#[test]
fn failed_store_after_publishing_repeats_the_same_event() {
    let fixture = Fixture::new(1);
    fixture.add_workout(1, "2026-11-24", Muscle::Chest, 60);
    fixture.database.execute(
        "CREATE TRIGGER lost BEFORE INSERT ON patterns \
         BEGIN SELECT raise(ABORT, 'no such table: disk'); END",
    );
    assert_eq!(fixture.consume(&[updated(1, "2026-11-23")]), [MessageResult::Retry { delay_s: 1 }]);
    let first = fixture.sink.take_events();
    fixture.database.execute("DROP TRIGGER lost");
    assert_eq!(fixture.consume(&[updated(1, "2026-11-23")]), [MessageResult::Ack]);
    let second = fixture.sink.take_events();
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_eq!(first[0].id, second[0].id);
}

#[test]
fn edited_week_notifies_only_above_the_last_notified_confidence() {
    let fixture = Fixture::new(1);
    let confidences: Vec<_> = [50, 60, 40, 50, 60, 40, 60]
        .into_iter()
        .zip(1..)
        .map(|(half_sets, revision)| {
            fixture.add_revision(1, "2026-11-24", Muscle::Chest, half_sets, revision);
            fixture.consume(&[updated(1, "2026-11-23")]);
            fixture.patterns().iter().map(|pattern| pattern.confidence).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(confidences, [vec![0.67], vec![1.0], vec![], vec![], vec![], vec![], vec![]]);
}

#[test]
fn pattern_returning_after_a_failed_store_repeats_its_event() {
    let fixture = Fixture::new(1);
    fixture.add_workout(1, "2026-11-24", Muscle::Chest, 50);
    fixture.consume(&[updated(1, "2026-11-23")]);
    fixture.add_revision(1, "2026-11-24", Muscle::Chest, 60, 2);
    fixture.sink.take_events();
    fixture.database.execute(
        "CREATE TRIGGER lost BEFORE UPDATE ON patterns \
         BEGIN SELECT raise(ABORT, 'no such table: disk'); END",
    );
    assert_eq!(fixture.consume(&[updated(1, "2026-11-23")]), [MessageResult::Retry { delay_s: 1 }]);
    let first = fixture.sink.take_events();
    fixture.database.execute("DROP TRIGGER lost");
    fixture.add_revision(1, "2026-11-24", Muscle::Chest, 40, 3);
    assert_eq!(fixture.consume(&[updated(1, "2026-11-23")]), [MessageResult::Ack]);
    assert_eq!(fixture.sink.take_events(), []);
    fixture.add_revision(1, "2026-11-24", Muscle::Chest, 60, 4);
    assert_eq!(fixture.consume(&[updated(1, "2026-11-23")]), [MessageResult::Ack]);
    let second = fixture.sink.take_events();
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_eq!(first[0].id, second[0].id);
}

#[test]
fn unavailable_queue_or_database_is_retried_and_stores_nothing() {
    let fixture = Fixture::new(1);
    fixture.add_workout(1, "2026-11-24", Muscle::Chest, 60);
    fixture.sink.fail_next(3);
    assert_eq!(fixture.consume(&[updated(1, "2026-11-23")]), [MessageResult::Retry { delay_s: 1 }]);
    fixture.database.fail_next(&[DatabaseFault::BeforeCommit]);
    assert_eq!(fixture.consume(&[updated(1, "2026-11-23")]), [MessageResult::Retry { delay_s: 1 }]);
    assert_eq!(fixture.database.query("SELECT 1 FROM patterns"), Vec::<String>::new());
    assert_eq!(fixture.patterns().len(), 0);
}

#[test]
fn ten_athletes_are_read_in_one_round_trip_per_database() {
    let fixture = Fixture::new(10);
    for n in 1..=10 {
        fixture.add_workout(n, "2026-11-24", Muscle::Chest, if n == 7 { 60 } else { 20 });
    }
    let batch: Vec<_> = (1..=10).map(|n| updated(n, "2026-11-23")).collect();
    let before = fixture.database.round_trips();
    fixture.consume(&batch);
    assert_eq!(fixture.database.round_trips() - before, 4 + 1, "four to read, one to store");
    let patterns = fixture.patterns();
    assert_eq!(patterns.len(), 1);
    assert_eq!(patterns[0].athlete_id, athlete_id(7));
}

fn ended(n: u128, monday: &str) -> RawMessage {
    message(TrainingWeekEnded { athlete_id: athlete_id(n), week_start: week(monday) })
}

impl Fixture {
    /// Takes the published notifications, without patterns.
    fn notifications(&self) -> Vec<NotificationRequested> {
        let notification = |event: shared_kernel::Event| match event.data {
            EventData::NotificationRequested(notification) => Some(notification),
            _ => None,
        };
        self.sink.take_events().into_iter().filter_map(notification).collect()
    }

    /// Stores a workout with hard sets.
    fn add_hard_sets(&self, day: &str, sets: i64) {
        let hard_half_sets = HalfSets::whole(sets);
        let entry = LedgerEntry {
            athlete_id: athlete_id(1),
            workout_id: WorkoutId(Uuid::new_v5(&Uuid::NAMESPACE_OID, day.as_bytes())),
            revision: 1,
            local_date: day.parse().unwrap(),
            started_at_ms: 0,
            volume: Volume { workouts: 1, sets, hard_half_sets, ..Volume::default() },
            performances: BTreeMap::new(),
            bests: BTreeMap::new(),
        };
        let database = self.shards.for_athlete(entry.athlete_id);
        run(ledger::apply(database, &[entry], &[])).unwrap();
    }

    /// Stores a workout with one set of the bench press with this estimated maximum.
    fn add_bench_press(&self, day: &str, e1rm_kg: f64) {
        let best = BestSet {
            e1rm_grams: Grams::from_kg(e1rm_kg),
            load_grams: Grams::from_kg(e1rm_kg),
            weight_grams: None,
            reps: 1,
            rpe: None,
        };
        let performance = ExercisePerformance {
            best: [(E1rmFormula::Epley, best)].into(),
            ..ExercisePerformance::default()
        };
        let muscles = Muscle::ALL.map(|muscle| {
            let half_sets = HalfSets(16);
            (muscle, MuscleVolume { half_sets, direct_sets: 8, ..MuscleVolume::default() })
        });
        let entry = LedgerEntry {
            athlete_id: athlete_id(1),
            workout_id: WorkoutId(Uuid::new_v5(&Uuid::NAMESPACE_OID, day.as_bytes())),
            revision: 1,
            local_date: day.parse().unwrap(),
            started_at_ms: 0,
            volume: Volume { workouts: 1, muscles: muscles.into(), ..Volume::default() },
            performances: [("barbell-bench-press".to_owned(), performance)].into(),
            bests: BTreeMap::new(),
        };
        let database = self.shards.for_athlete(entry.athlete_id);
        run(ledger::apply(database, &[entry], &[])).unwrap();
    }

    /// Reads the stored plateaus.
    fn plateaus(&self) -> Vec<String> {
        self.database
            .query("SELECT pattern, status, announcements FROM patterns WHERE pattern = 'plateau'")
    }
}

/// Stores seven weeks of the bench press in which an attempt fails.
fn add_plateau(fixture: &Fixture) {
    let days = ["10-12", "10-19", "10-26", "11-02", "11-09", "11-16", "11-23"];
    for (day, kg) in days.into_iter().zip([100.0, 100.1].into_iter().cycle()) {
        fixture.add_bench_press(&format!("2026-{day}"), kg);
    }
}

#[test]
fn plateau_notifies_after_four_weeks_and_at_its_end() {
    let fixture = Fixture::new(1);
    add_plateau(&fixture);
    fixture.consume(&[updated(1, "2026-11-23")]);
    let patterns: Vec<_> = fixture.patterns().into_iter().map(|p| p.pattern.as_str()).collect();
    assert_eq!(patterns, ["plateau"]);
    fixture.consume(&[updated(1, "2026-11-23")]);
    assert_eq!(fixture.patterns().len(), 0);
    let plateau = |status, announcements| {
        vec![format!(
            r#"{{"announcements":{announcements},"pattern":"plateau","status":"{status}"}}"#
        )]
    };
    assert_eq!(fixture.plateaus(), plateau("open", 1));
    // Four weeks later the attempts still fail.
    for (day, kg) in [("11-30", 100.1), ("12-07", 100.0), ("12-14", 100.1), ("12-21", 100.0)] {
        fixture.add_bench_press(&format!("2026-{day}"), kg);
    }
    fixture.clock.advance_ms(28 * 86_400_000);
    fixture.consume(&[updated(1, "2026-12-21")]);
    assert_eq!(fixture.patterns().len(), 1);
    assert_eq!(fixture.plateaus(), plateau("open", 2));
    // Then the lift rises.
    fixture.add_bench_press("2026-12-22", 106.0);
    for _ in 0..2 {
        fixture.consume(&[updated(1, "2026-12-21")]);
    }
    let notifications: Vec<_> =
        fixture.notifications().into_iter().map(|notification| notification.kind).collect();
    assert_eq!(notifications, ["pattern_ended"]);
    assert_eq!(fixture.plateaus(), plateau("resolved", 2));
}

#[test]
fn recommendation_is_stored_with_its_pattern() {
    let fixture = Fixture::new(1);
    add_plateau(&fixture);
    fixture.consume(&[updated(1, "2026-11-23")]);
    let items = fixture.database.query(
        "SELECT items ->> '$[0].pattern' AS pattern, items ->> '$[0].adjustment.action' AS action, \
         items ->> '$[0].adjustment.from' AS from_sets, items ->> '$[0].adjustment.to' AS to_sets \
         FROM recommendations",
    );
    assert_eq!(
        items,
        [r#"{"action":"raise_sets","from_sets":8.0,"pattern":"plateau","to_sets":9.5}"#]
    );
}

#[test]
fn unchanged_analysis_stores_nothing() {
    let fixture = Fixture::new(1);
    add_plateau(&fixture);
    fixture.consume(&[updated(1, "2026-11-23")]);
    let before = fixture.database.round_trips();
    fixture.consume(&[updated(1, "2026-11-23")]);
    assert_eq!(fixture.database.round_trips() - before, 1, "one to read, none to store");
}

#[test]
fn muscle_over_mrv_is_recommended_after_its_threshold_event() {
    let fixture = Fixture::new(1);
    fixture.add_workout(1, "2026-11-24", Muscle::Chest, 60);
    fixture.consume(&[crossed(1, "2026-11-23", Threshold::MrvExceeded)]);
    let actions = || {
        fixture
            .database
            .query("SELECT items ->> '$[0].adjustment.action' AS action FROM recommendations")
    };
    assert_eq!(actions(), Vec::<String>::new());
    fixture.consume(&[updated(1, "2026-11-23")]);
    assert_eq!(actions(), [r#"{"action":"cut_sets"}"#]);
    // An event of another week keeps the recommendation.
    fixture.consume(&[updated(1, "2026-11-16")]);
    assert_eq!(actions(), [r#"{"action":"cut_sets"}"#]);
}

#[test]
fn week_is_reported_once_despite_crashes() {
    let fixture = Fixture::new(2);
    add_plateau(&fixture);
    let both = [ended(1, "2026-11-16"), ended(2, "2026-11-16")];
    fixture.database.fail_next(&[DatabaseFault::BeforeCommit; 2]);
    assert_eq!(fixture.consume(&both), [MessageResult::Retry { delay_s: 1 }; 2]);
    // The report is not stored: the next run repeats the same event.
    fixture.database.fail_after(2, DatabaseFault::BeforeCommit);
    assert_eq!(fixture.consume(&both).len(), 2);
    let first = fixture.sink.take_events();
    assert_eq!(fixture.consume(&both), [MessageResult::Ack; 2]);
    let second = fixture.sink.take_events();
    let ids = |events: &[shared_kernel::Event]| {
        let reports = events.iter().filter(|e| e.event_type() == EventType::NotificationRequested);
        reports.map(|event| event.id).collect::<Vec<_>>()
    };
    assert_eq!((ids(&first).len(), ids(&second)), (1, ids(&first)));
    let reported = fixture.database.query(
        "SELECT reported_week, (SELECT count(*) FROM weekly_reports AS report \
         WHERE report.athlete_id = athletes.athlete_id) AS reports FROM athletes",
    );
    let of = |reports: u8| format!(r#"{{"reported_week":"2026-11-16","reports":{reports}}}"#);
    assert_eq!(reported, [of(1), of(0)], "an athlete without training gets no report");
}

#[test]
fn report_compares_its_week_and_recommends_changes() {
    let fixture = Fixture::new(1);
    add_plateau(&fixture);
    fixture.consume(&[ended(1, "2026-11-16")]);
    let notifications = fixture.notifications();
    let [notification] = notifications.as_slice() else { panic!("{notifications:?}") };
    assert_eq!(notification.title, "Your week of 16 November: 1 workout, 0 hard sets");
    assert_eq!(
        notification.body,
        "Workouts: 1 (usually 1)\nHard sets: 0 (usually 0)\nMoved: 0 kg (usually 0 kg)\n\n\
         What we see: Barbell Bench Press has stalled.\n\n\
         Your plan for the next week:\n\
         - Bring chest up from 8 to 9.5 hard sets a week for the next 4 weeks."
    );
}

#[test]
fn deload_is_in_the_report_of_its_own_week_only() {
    let mentions_deload = |sets: [i64; 5]| {
        let fixture = Fixture::new(1);
        let weeks = ["2026-10-19", "2026-10-26", "2026-11-02", "2026-11-09", "2026-11-16"];
        for (day, sets) in weeks.into_iter().zip(sets) {
            fixture.add_hard_sets(day, sets);
        }
        fixture.consume(&[ended(1, "2026-11-16")]);
        let notifications = fixture.notifications();
        let [report] = notifications.as_slice() else { panic!("{notifications:?}") };
        report.body.contains("A light week")
    };
    assert!(mentions_deload([40, 40, 40, 40, 16]));
    assert!(!mentions_deload([40, 40, 40, 16, 40]));
}

#[test]
fn every_event_of_the_queue_has_a_handler() {
    let handled = Fixture::new(0).registry.types();
    for event_type in EventType::ALL {
        let travels_here = event_type.queue() == Queue::AiAnalysis;
        assert_eq!(handled.contains(event_type), travels_here, "{event_type:?}");
    }
}

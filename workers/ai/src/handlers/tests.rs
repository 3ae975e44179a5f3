//! The handlers on real SQL: what is published and stored, repeats, and the round trips.

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
use shared_kernel::routing::queue_of;
use shared_kernel::{EventData, EventType, Queue, WorkoutId};
use std::rc::Rc;
use storage::Shards;
use storage::ledger::{self, LedgerEntry};
use testkit::{
    DatabaseFault, FixedClock, RecordingSink, Sqlite, athlete_id, consume, create_athlete, message,
    run,
};
use training::e1rm::E1rmFormula;
use training::performance::{BestSet, ExercisePerformance};
use training::{Grams, HalfSets, Muscle, MuscleVolume, Volume, WeekStart};
use uuid::Uuid;

struct House {
    database: Rc<Sqlite>,
    shards: Shards,
    sink: Rc<RecordingSink>,
    registry: Registry,
    clock: Rc<FixedClock>,
}

impl House {
    fn new(athletes: u128) -> Self {
        let (database, shards) = testkit::database();
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

    /// So many half sets of a muscle on a day.
    fn trained(&self, n: u128, day: &str, muscle: Muscle, half_sets: i64) {
        self.edited(n, day, muscle, half_sets, 1);
    }

    /// The same workout, in a later revision.
    fn edited(&self, n: u128, day: &str, muscle: Muscle, half_sets: i64, revision: i64) {
        let part = MuscleVolume { half_sets: HalfSets(half_sets), ..MuscleVolume::default() };
        let entry = LedgerEntry {
            athlete_id: athlete_id(n),
            workout_id: WorkoutId(Uuid::new_v5(
                &Uuid::NAMESPACE_OID,
                format!("{n}{day}").as_bytes(),
            )),
            revision,
            local_date: day.parse().unwrap(),
            volume: Volume { workouts: 1, muscles: [(muscle, part)].into(), ..Volume::default() },
            performances: std::collections::BTreeMap::new(),
            bests: std::collections::BTreeMap::new(),
        };
        run(ledger::apply(&*self.database, &[entry], &[])).unwrap();
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
    assert_eq!(house.consume(&batch), [MessageResult::Ack; 3]);
    let patterns = house.patterns();
    assert_eq!(patterns.len(), 1);
    assert_eq!((patterns[0].subject.as_str(), patterns[0].confidence), ("chest", 1.0));
    assert!(patterns[0].recommendation.contains("30 hard sets for chest"));
    assert_eq!(house.consume(&batch), [MessageResult::Ack; 3]);
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
    assert_eq!(house.consume(&[updated(1, "2026-11-23")]), [MessageResult::Retry { delay_s: 1 }]);
    let first = house.sink.take_events();
    house.database.execute("DROP TRIGGER lost");
    assert_eq!(house.consume(&[updated(1, "2026-11-23")]), [MessageResult::Ack]);
    let second = house.sink.take_events();
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_eq!(first[0].id, second[0].id);
}

#[test]
fn a_week_that_is_edited_down_and_up_again_is_told_only_when_it_is_worse_than_was_told() {
    let house = House::new(1);
    let told: Vec<_> = [49, 60, 40, 49, 60, 40, 60]
        .into_iter()
        .zip(1..)
        .map(|(half_sets, revision)| {
            house.edited(1, "2026-11-24", Muscle::Chest, half_sets, revision);
            house.consume(&[updated(1, "2026-11-23")]);
            house.patterns().iter().map(|pattern| pattern.confidence).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(told, [vec![0.63], vec![1.0], vec![], vec![], vec![], vec![], vec![]]);
}

#[test]
fn what_was_told_and_not_marked_and_is_corrected_by_then_is_the_same_event_when_it_comes_back() {
    let house = House::new(1);
    house.trained(1, "2026-11-24", Muscle::Chest, 49);
    house.consume(&[updated(1, "2026-11-23")]);
    house.edited(1, "2026-11-24", Muscle::Chest, 60, 2);
    house.sink.take_events();
    house.database.execute(
        "CREATE TRIGGER lost BEFORE UPDATE ON patterns \
         BEGIN SELECT raise(ABORT, 'no such table: disk'); END",
    );
    assert_eq!(house.consume(&[updated(1, "2026-11-23")]), [MessageResult::Retry { delay_s: 1 }]);
    let first = house.sink.take_events();
    house.database.execute("DROP TRIGGER lost");
    house.edited(1, "2026-11-24", Muscle::Chest, 40, 3);
    assert_eq!(house.consume(&[updated(1, "2026-11-23")]), [MessageResult::Ack]);
    assert_eq!(house.sink.take_events(), []);
    house.edited(1, "2026-11-24", Muscle::Chest, 60, 4);
    assert_eq!(house.consume(&[updated(1, "2026-11-23")]), [MessageResult::Ack]);
    let second = house.sink.take_events();
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_eq!(first[0].id, second[0].id);
}

#[test]
fn a_queue_or_a_database_that_is_away_is_a_retry_and_nothing_is_marked() {
    let house = House::new(1);
    house.trained(1, "2026-11-24", Muscle::Chest, 60);
    house.sink.fail_next(3);
    assert_eq!(house.consume(&[updated(1, "2026-11-23")]), [MessageResult::Retry { delay_s: 1 }]);
    house.database.fail_next(&[DatabaseFault::BeforeCommit]);
    assert_eq!(house.consume(&[updated(1, "2026-11-23")]), [MessageResult::Retry { delay_s: 1 }]);
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

fn ended(n: u128, monday: &str) -> RawMessage {
    message(TrainingWeekEnded { athlete_id: athlete_id(n), week_start: week(monday) })
}

impl House {
    /// The notifications asked for; the patterns are left aside.
    fn notices(&self) -> Vec<NotificationRequested> {
        let notice = |event: shared_kernel::Event| match event.data {
            EventData::NotificationRequested(notice) => Some(notice),
            _ => None,
        };
        self.sink.take_events().into_iter().filter_map(notice).collect()
    }

    /// A workout of so many hard sets.
    fn trained_hard(&self, day: &str, sets: i64) {
        let hard_half_sets = HalfSets::whole(sets);
        let entry = LedgerEntry {
            athlete_id: athlete_id(1),
            workout_id: WorkoutId(Uuid::new_v5(&Uuid::NAMESPACE_OID, day.as_bytes())),
            revision: 1,
            local_date: day.parse().unwrap(),
            volume: Volume { workouts: 1, sets, hard_half_sets, ..Volume::default() },
            performances: std::collections::BTreeMap::new(),
            bests: std::collections::BTreeMap::new(),
        };
        run(ledger::apply(&*self.database, &[entry], &[])).unwrap();
    }

    /// A workout with one set of the bench press, whose estimated maximum is this.
    fn benched(&self, day: &str, e1rm_kg: f64) {
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
            (muscle, MuscleVolume { half_sets: HalfSets(16), ..MuscleVolume::default() })
        });
        let entry = LedgerEntry {
            athlete_id: athlete_id(1),
            workout_id: WorkoutId(Uuid::new_v5(&Uuid::NAMESPACE_OID, day.as_bytes())),
            revision: 1,
            local_date: day.parse().unwrap(),
            volume: Volume { workouts: 1, muscles: muscles.into(), ..Volume::default() },
            performances: [("barbell-bench-press".to_owned(), performance)].into(),
            bests: std::collections::BTreeMap::new(),
        };
        run(ledger::apply(&*self.database, &[entry], &[])).unwrap();
    }

    /// Subject and status of all patterns that are known.
    fn known(&self) -> Vec<String> {
        self.database
            .query("SELECT pattern, status, announcements FROM patterns WHERE pattern = 'plateau'")
    }
}

/// Seven weeks of the bench press at the same weight.
fn stuck(house: &House) {
    for day in ["10-12", "10-19", "10-26", "11-02", "11-09", "11-16", "11-23"] {
        house.benched(&format!("2026-{day}"), 100.0);
    }
}

#[test]
fn a_plateau_is_told_and_told_again_after_four_weeks_and_its_end_is_told_once() {
    let house = House::new(1);
    stuck(&house);
    house.consume(&[updated(1, "2026-11-23")]);
    let told: Vec<_> = house.patterns().into_iter().map(|p| p.pattern.as_str()).collect();
    assert_eq!(told, ["plateau"]);
    house.consume(&[updated(1, "2026-11-23")]);
    assert_eq!(house.patterns().len(), 0);
    let plateau = |status, announcements| {
        vec![format!(
            r#"{{"announcements":{announcements},"pattern":"plateau","status":"{status}"}}"#
        )]
    };
    assert_eq!(house.known(), plateau("open", 1));
    // Four weeks on, and still at the same weight.
    for day in ["11-30", "12-07", "12-14", "12-21"] {
        house.benched(&format!("2026-{day}"), 100.0);
    }
    house.clock.advance_ms(28 * 86_400_000);
    house.consume(&[updated(1, "2026-12-21")]);
    assert_eq!(house.patterns().len(), 1);
    assert_eq!(house.known(), plateau("open", 2));
    // Then it moves.
    house.benched("2026-12-22", 106.0);
    for _ in 0..2 {
        house.consume(&[updated(1, "2026-12-21")]);
    }
    let notices: Vec<_> = house.notices().into_iter().map(|notice| notice.kind).collect();
    assert_eq!(notices, ["pattern_ended"]);
    assert_eq!(house.known(), plateau("resolved", 2));
}

#[test]
fn what_follows_from_a_pattern_is_stored_with_it() {
    let house = House::new(1);
    stuck(&house);
    house.consume(&[updated(1, "2026-11-23")]);
    let items = house.database.query(
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
fn what_does_not_change_is_not_marked_again() {
    let house = House::new(1);
    stuck(&house);
    house.consume(&[updated(1, "2026-11-23")]);
    let before = house.database.round_trips();
    house.consume(&[updated(1, "2026-11-23")]);
    assert_eq!(house.database.round_trips() - before, 1, "one to read, none to mark");
}

#[test]
fn a_muscle_over_mrv_is_recommended_also_when_its_threshold_came_first() {
    let house = House::new(1);
    house.trained(1, "2026-11-24", Muscle::Chest, 60);
    house.consume(&[crossed(1, "2026-11-23", Threshold::MrvExceeded)]);
    let actions = || {
        house
            .database
            .query("SELECT items ->> '$[0].adjustment.action' AS action FROM recommendations")
    };
    assert_eq!(actions(), Vec::<String>::new());
    house.consume(&[updated(1, "2026-11-23")]);
    assert_eq!(actions(), [r#"{"action":"cut_sets"}"#]);
    // Another week's event says nothing against it.
    house.consume(&[updated(1, "2026-11-16")]);
    assert_eq!(actions(), [r#"{"action":"cut_sets"}"#]);
}

#[test]
fn a_week_is_reported_on_once_whatever_crashes() {
    let house = House::new(2);
    stuck(&house);
    let both = [ended(1, "2026-11-16"), ended(2, "2026-11-16")];
    house.database.fail_next(&[DatabaseFault::BeforeCommit]);
    assert_eq!(house.consume(&both), [MessageResult::Retry { delay_s: 1 }; 2]);
    // The mark is lost: the same event comes again.
    house.database.fail_after(2, DatabaseFault::BeforeCommit);
    assert_eq!(house.consume(&both).len(), 2);
    let first = house.sink.take_events();
    assert_eq!(house.consume(&both), [MessageResult::Ack; 2]);
    let second = house.sink.take_events();
    let ids = |events: &[shared_kernel::Event]| {
        let reports = events.iter().filter(|e| e.event_type() == EventType::NotificationRequested);
        reports.map(|event| event.id).collect::<Vec<_>>()
    };
    assert_eq!((ids(&first).len(), ids(&second)), (1, ids(&first)));
    let reported = house.database.query(
        "SELECT reported_week, (SELECT count(*) FROM weekly_reports AS report \
         WHERE report.athlete_id = athletes.athlete_id) AS reports FROM athletes",
    );
    let of = |reports: u8| format!(r#"{{"reported_week":"2026-11-16","reports":{reports}}}"#);
    assert_eq!(reported, [of(1), of(0)], "who never trained gets none");
}

#[test]
fn a_report_compares_its_week_and_says_what_is_next() {
    let house = House::new(1);
    stuck(&house);
    house.consume(&[ended(1, "2026-11-16")]);
    let notices = house.notices();
    let [notice] = notices.as_slice() else { panic!("{notices:?}") };
    assert_eq!(notice.title, "Your week of 2026-11-16: 1 workout, 0 hard sets");
    assert_eq!(
        notice.body,
        "1 workout, 0 hard sets and 0 kg moved. The 4 weeks before had 1 workout, 0 hard sets and \
         0 kg on average.\n\nWhat we see: Barbell Bench Press has stalled for 35 days.\n\nWhat to change: Bring chest up \
         from 8 to 9.5 hard sets a week for the next 4 weeks."
    );
}

#[test]
fn a_deload_stands_in_the_report_of_its_own_week_and_in_no_other() {
    let house = House::new(1);
    let weeks =
        ["2026-10-05", "2026-10-12", "2026-10-19", "2026-10-26", "2026-11-02", "2026-11-09"];
    for (day, sets) in weeks.into_iter().zip([40, 40, 40, 16, 40, 40]) {
        house.trained_hard(day, sets);
    }
    let says_deload = |monday| {
        house.consume(&[ended(1, monday)]);
        let notices = house.notices();
        let [report] = notices.as_slice() else { panic!("{notices:?}") };
        report.body.contains("Deload taken")
    };
    assert!(says_deload("2026-10-26"));
    assert!(!says_deload("2026-11-09"));
}

#[test]
fn events_of_three_kinds_about_an_athlete_are_one_round_trip_to_read() {
    let house = House::new(1);
    house.trained(1, "2026-11-24", Muscle::Chest, 60);
    let before = house.database.round_trips();
    house.consume(&[
        updated(1, "2026-11-23"),
        crossed(1, "2026-11-23", Threshold::MrvExceeded),
        updated(1, "2026-11-16"),
    ]);
    assert_eq!(house.database.round_trips() - before, 2, "one to read, one to mark");
    assert_eq!(house.patterns().len(), 1);
}

#[test]
fn every_event_of_the_queue_has_a_handler() {
    let handled = House::new(0).registry.types();
    for event_type in EventType::ALL {
        let travels_here = queue_of(*event_type) == Queue::AiAnalysis;
        assert_eq!(handled.contains(event_type), travels_here, "{event_type:?}");
    }
}

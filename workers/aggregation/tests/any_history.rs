//! Property test of aggregation: after any workout history, and any order, repetition and faults of
//! its events, the days, weeks, records and progress equal a recompute from the stored workouts.
//!
//! The api and aggregation run on real SQL; the test delivers the messages between them.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test panics on failure")]

use aggregation::handlers::registry;
use aggregation::publisher::AggregationEventPublisher;
use api::app::App;
use api::cors::AllowedOrigins;
use api::key_usage::KeyUsage;
use api::publisher::ApiEventPublisher;
use platform::consumer::RawMessage;
use platform::http::{Body, Content};
use platform::{Publisher, Registry, Usage};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use shared_kernel::Queue;
use standard_webhooks::Environment;
use std::collections::BTreeMap;
use std::rc::Rc;
use storage::Shards;
use storage::workouts::StoredWorkout;
use testkit::{
    DatabaseFault, Databases, FixedClock, FixedEntropy, IanaTimeZones, RecordingSink, TestVault,
    consume, run,
};
use training::performance::{ExercisePerformance, performances};
use training::records::record_candidates;
use training::{Grams, Volume, WeekStart};

const OPERATOR: &str = "operator";
const CASES: u32 = 1_000;
/// Few exercises and days, so that workouts often share a day, a week, an exercise or a weight.
const EXERCISES: [&str; 3] = ["barbell-bench-press", "pull-up", "farmers-walk"];
const DAYS: std::ops::Range<u32> = 6..18;

struct Fixture {
    app: Rc<App>,
    key: String,
    database: Databases,
    shards: Shards,
    sink: Rc<RecordingSink>,
    registry: Registry,
    clock: Rc<FixedClock>,
}

impl Fixture {
    fn new() -> Self {
        let (database, shards) = testkit::databases();
        let sink = Rc::new(RecordingSink::default());
        let clock = Rc::new(FixedClock::at("2026-11-20T12:00:00Z"));
        let publisher = || Publisher::new(Rc::clone(&sink) as _);
        let app = Rc::new(App {
            shards: shards.clone(),
            publisher: ApiEventPublisher::new(publisher()),
            sink: Rc::clone(&sink) as _,
            clock: Rc::clone(&clock) as _,
            timer: Rc::clone(&clock) as _,
            time_zones: Rc::new(IanaTimeZones),
            rate_limiter: Rc::new(testkit::Unlimited),
            entropy: Rc::new(FixedEntropy::default()),
            operator_token: Some(OPERATOR.to_owned()),
            link_key: None,
            vault: Rc::new(TestVault::default()),
            environment: Environment::Public,
            has_public_url: true,
            key_usage: KeyUsage::new(Rc::default(), Rc::new(testkit::DeferredTasks::default())),
            allowed_origins: AllowedOrigins::default(),
            usage: Rc::new(Usage::default()),
        });
        let registry = registry(
            shards.clone(),
            AggregationEventPublisher::new(publisher()),
            Rc::clone(&clock) as _,
        );
        let mut fixture =
            Self { app, key: OPERATOR.to_owned(), database, shards, sink, registry, clock };
        let (_, athlete) =
            fixture.call("POST", "/v1/admin/athletes", &json!({ "display_name": "Ada" }));
        athlete["api_key"].as_str().unwrap().clone_into(&mut fixture.key);
        // With a body weight, pull-ups have a load.
        fixture.call("PUT", "/v1/me", &json!({ "body_weight_kg": 80 }));
        fixture
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("http://host{path}"))
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json")
            .body(Body::Complete(body.to_string().into_bytes()))
            .unwrap();
        let response = run(self.app.handle(request));
        let status = response.status().as_u16();
        let Content::Text(text) = response.into_body() else { unreachable!() };
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("GET", path, &Value::Null);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// Sends the request of one action. Returns the events that the api published.
    fn perform(&self, action: &Action, workout_ids: &mut Vec<String>) -> Vec<RawMessage> {
        if let Action::Sweep = action {
            self.clock.advance_ms(8 * 60_000);
            run(self.app.sweep());
            return self.take_messages();
        }
        self.clock.advance_ms(1_000);
        let path = |index: &Index| format!("/v1/workouts/{}", index.get(workout_ids));
        let (status, body) = match action {
            Action::Post(input) => self.call("POST", "/v1/workouts", &input.json()),
            _ if workout_ids.is_empty() => return Vec::new(),
            Action::Sweep => return Vec::new(),
            Action::Put(index, input) => self.call("PUT", &path(index), &input.json()),
            Action::Delete(index) => self.call("DELETE", &path(index), &Value::Null),
            Action::AddSet(index, set) => {
                self.call("POST", &format!("{}/sets", path(index)), &set.json(true))
            }
            Action::CorrectSet(index, number, set) => {
                self.call("PUT", &format!("{}/sets/{number}", path(index)), &set.json(false))
            }
            Action::RemoveSet(index, number) => {
                self.call("DELETE", &format!("{}/sets/{number}", path(index)), &Value::Null)
            }
            Action::Complete(index) => {
                let (_, workout) = self.call("GET", &path(index), &Value::Null);
                let day = workout["started_at"].as_str().map_or("2026-11-20", |at| &at[..10]);
                let end = json!({ "ended_at": format!("{day}T19:00:00+01:00") });
                self.call("POST", &format!("{}/complete", path(index)), &end)
            }
        };
        // 404 and 409: the workout or set does not exist, or the state forbids the action.
        assert!([200, 201, 204, 404, 409].contains(&status), "{action:?}: {status} {body}");
        if let Action::Post(_) = action {
            workout_ids.push(body["id"].as_str().unwrap().to_owned());
        }
        self.take_messages()
    }

    /// Removes and returns the messages for aggregation.
    fn take_messages(&self) -> Vec<RawMessage> {
        let events = self.sink.take_events();
        let message = |event: &shared_kernel::Event| RawMessage {
            id: event.id.to_string(),
            body: event.encode().unwrap(),
            attempts: 1,
        };
        let is_for_aggregation =
            |event: &&shared_kernel::Event| event.event_type().queue() == Queue::VolumeAggregation;
        events.iter().filter(is_for_aggregation).map(message).collect()
    }

    fn deliver(&self, messages: &[RawMessage]) {
        consume(&self.registry, &self.shards, &self.sink, Queue::VolumeAggregation, messages);
        assert!(self.sink.take_dead_letters(Queue::VolumeAggregation).is_empty());
        self.sink.take_events();
    }

    fn stored_workouts(&self) -> Vec<StoredWorkout> {
        let rows = self.database.query("SELECT * FROM workouts WHERE status <> 'deleted'");
        rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect()
    }
}

#[derive(Clone, Debug)]
struct Set {
    exercise: usize,
    weight: u32,
    reps: u32,
    warmup: bool,
}

impl Set {
    fn json(&self, with_exercise: bool) -> Value {
        let kind = if self.warmup { "warmup" } else { "working" };
        let mut set = json!({ "kind": kind, "weight_kg": 20 * self.weight, "reps": self.reps });
        if with_exercise {
            set["exercise"] = json!(EXERCISES[self.exercise]);
        }
        set
    }
}

#[derive(Clone, Debug)]
struct WorkoutInput {
    day: u32,
    ended: bool,
    sets: Vec<Set>,
}

impl WorkoutInput {
    fn json(&self) -> Value {
        let exercises = self
            .sets
            .iter()
            .map(|set| json!({ "exercise": EXERCISES[set.exercise], "sets": [set.json(false)] }));
        let mut workout = json!({
            // Most workouts of one day start at different times.
            "started_at": format!("2026-11-{:02}T{:02}:00:00+01:00", self.day, 12 + self.sets.len()),
            "exercises": exercises.collect::<Vec<_>>(),
        });
        if self.ended {
            workout["ended_at"] = json!(format!("2026-11-{:02}T19:00:00+01:00", self.day));
        }
        workout
    }
}

#[derive(Clone, Debug)]
enum Action {
    Post(WorkoutInput),
    Put(Index, WorkoutInput),
    Delete(Index),
    AddSet(Index, Set),
    CorrectSet(Index, u32, Set),
    RemoveSet(Index, u32),
    Complete(Index),
    /// The sweep runs when the events of open workouts are due.
    Sweep,
}

fn set() -> impl Strategy<Value = Set> {
    (0..EXERCISES.len(), 0_u32..5, 1_u32..15, prop::bool::weighted(0.1))
        .prop_map(|(exercise, weight, reps, warmup)| Set { exercise, weight, reps, warmup })
}

fn workout_input() -> impl Strategy<Value = WorkoutInput> {
    (DAYS, any::<bool>(), prop::collection::vec(set(), 1..5))
        .prop_map(|(day, ended, sets)| WorkoutInput { day, ended, sets })
}

fn action() -> impl Strategy<Value = Action> {
    let index = any::<Index>;
    prop_oneof![
        4 => workout_input().prop_map(Action::Post),
        2 => (index(), workout_input()).prop_map(|(index, input)| Action::Put(index, input)),
        1 => index().prop_map(Action::Delete),
        3 => (index(), set()).prop_map(|(index, set)| Action::AddSet(index, set)),
        2 => (index(), 1_u32..6, set()).prop_map(|(index, n, set)| Action::CorrectSet(index, n, set)),
        1 => (index(), 1_u32..6).prop_map(|(index, n)| Action::RemoveSet(index, n)),
        1 => index().prop_map(Action::Complete),
        1 => Just(Action::Sweep),
    ]
}

/// The totals computed directly from all stored workouts.
#[derive(Default)]
struct ExpectedTotals {
    days: BTreeMap<String, Volume>,
    weeks: BTreeMap<String, Volume>,
    /// The value, start, workout and day of each record.
    records: BTreeMap<String, (i64, i64, String, String)>,
    progress: BTreeMap<(String, String), Vec<ExercisePerformance>>,
}

fn recompute(workouts: &[StoredWorkout]) -> ExpectedTotals {
    let mut expected = ExpectedTotals::default();
    for stored in workouts {
        let workout = stored.snapshot().unwrap();
        let date = workout.started_at.date_naive();
        let (day, week) = (date.to_string(), WeekStart::containing(date).to_string());
        let body_weight = workout.body_weight_grams;
        let volume = Volume::of_workout(&workout.exercises, body_weight);
        add(expected.days.entry(day.clone()).or_default(), &volume);
        add(expected.weeks.entry(week).or_default(), &volume);
        for (key, value) in record_candidates(&workout.exercises, body_weight) {
            let start = workout.started_at.timestamp_millis();
            let claim = (value, start, stored.workout_id.to_string(), day.clone());
            let is_better = |held: &(i64, i64, String, String)| {
                (-claim.0, &claim.1, &claim.2) < (-held.0, &held.1, &held.2)
            };
            if expected.records.get(&key).is_none_or(is_better) {
                expected.records.insert(key, claim);
            }
        }
        for (slug, performance) in performances(&workout.exercises, body_weight) {
            expected.progress.entry((slug, day.clone())).or_default().push(performance);
        }
    }
    expected
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

fn check_totals(fixture: &Fixture) {
    let expected = recompute(&fixture.stored_workouts());
    let range = "from=2026-11-01&to=2026-11-30";
    let days = fixture.get(&format!("/v1/volume/daily?{range}"));
    check_volumes(days["days"].as_array().unwrap(), "date", &expected.days);
    let weeks = fixture.get(&format!("/v1/volume/weekly?{range}"));
    check_volumes(weeks["weeks"].as_array().unwrap(), "week_start", &expected.weeks);
    assert_eq!(weeks["pending"], 0);
    check_records(fixture, &expected);
    for slug in EXERCISES {
        check_progress(fixture, slug, &expected);
    }
}

fn check_volumes(rows: &[Value], name: &str, expected: &BTreeMap<String, Volume>) {
    let none = Volume::default();
    for row in rows {
        let volume = expected.get(row[name].as_str().unwrap()).unwrap_or(&none);
        assert_eq!(row["workouts"], volume.workouts, "{row}");
        assert_eq!(row["sets"], volume.sets, "{row}");
        assert_eq!(row["tonnage_kg"], volume.tonnage_grams.kg(), "{row}");
        assert_eq!(row["hard_sets"], volume.hard_half_sets.sets(), "{row}");
        for muscle in row["muscles"].as_array().unwrap() {
            let key = serde_json::from_value(muscle["muscle"].clone()).unwrap();
            let part = volume.muscles.get(&key).copied().unwrap_or_default();
            assert_eq!(muscle["hard_sets"], part.half_sets.sets(), "{row}");
            assert_eq!(muscle["tonnage_kg"], part.tonnage_grams.kg(), "{row}");
        }
    }
    let is_listed = |date: &String| rows.iter().any(|row| row[name] == date.as_str());
    assert!(expected.keys().all(is_listed));
}

fn check_records(fixture: &Fixture, expected: &ExpectedTotals) {
    let rows = fixture.database.query(
        "SELECT exercise || '/' || entry.key AS key, entry.value ->> 0 AS value, entry.value ->> 1 AS day, \
         entry.value ->> 2 AS workout, entry.value ->> 5 AS start FROM personal_records, json_each(records) AS entry",
    );
    let stored: BTreeMap<String, (i64, i64, String, String)> = rows
        .iter()
        .map(|row| {
            let row: Value = serde_json::from_str(row).unwrap();
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            let number = |name: &str| row[name].as_i64().unwrap();
            (text("key"), (number("value"), number("start"), text("workout"), text("day")))
        })
        .collect();
    assert_eq!(stored, expected.records);
    let response = fixture.get("/v1/records");
    assert_eq!(response["items"].as_array().unwrap().len(), expected.records.len());
}

fn check_progress(fixture: &Fixture, slug: &str, expected: &ExpectedTotals) {
    let response =
        fixture.get(&format!("/v1/exercises/{slug}/progress?from=2026-11-01&to=2026-11-30"));
    let expected: Vec<_> =
        expected.progress.iter().filter(|((exercise, _), _)| exercise == slug).collect();
    let points = response["points"].as_array().unwrap();
    assert_eq!(points.len(), expected.len(), "{response}");
    for (point, ((_, day), performances)) in points.iter().zip(expected) {
        let best = performances
            .iter()
            .filter_map(|p| p.best.get(&training::E1rmFormula::Epley))
            .map(|set| set.e1rm_grams)
            .max();
        let tonnage = performances.iter().map(|p| p.tonnage_grams.0).sum();
        assert_eq!(point["date"], day.as_str());
        assert_eq!(point["best_e1rm_kg"], json!(best.map(Grams::kg)), "{point}");
        assert_eq!(point["tonnage_kg"], Grams(tonnage).kg(), "{point}");
        assert_eq!(point["sets"], performances.iter().map(|p| p.sets).sum::<i64>(), "{point}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn totals_records_and_progress_equal_a_recompute(
        actions in prop::collection::vec(action(), 1..12),
        order in prop::collection::vec(any::<Index>(), 0..16),
        batch in 1_usize..5,
        faults in prop::collection::vec(prop::option::of(any::<bool>()), 0..6),
    ) {
        let fixture = Fixture::new();
        let mut workout_ids = Vec::new();
        let mut messages = Vec::new();
        for action in &actions {
            messages.extend(fixture.perform(action, &mut workout_ids));
        }
        messages.extend(fixture.perform(&Action::Sweep, &mut workout_ids));
        // Deliver some events early, repeatedly, out of order, in batches, with database faults.
        if !messages.is_empty() {
            let early: Vec<_> = order.iter().map(|index| index.get(&messages).clone()).collect();
            let mut faults = faults.iter();
            for part in early.chunks(batch) {
                let fault = faults.next().copied().flatten();
                let fault = fault.map(|is_committed| if is_committed { DatabaseFault::AfterCommit } else { DatabaseFault::BeforeCommit });
                fixture.database.fail_next(fault.as_slice());
                fixture.deliver(part);
            }
        }
        // Finally deliver every event alone, the newest first.
        for message in messages.iter().rev() {
            fixture.deliver(std::slice::from_ref(message));
        }
        check_totals(&fixture);
    }
}

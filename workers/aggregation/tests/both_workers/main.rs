//! The api and aggregation on one SQLite database, with the queue between them at hand: what an
//! athlete does over HTTP, and what it comes to.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test panics on failure")]

mod account;
mod calendar;
mod export;
mod imports;
mod moved;
mod records;

use aggregation::handlers::registry;
use aggregation::publisher::AggregationEventPublisher;
use api::app::App;
use api::publisher::ApiEventPublisher;
use futures::TryStreamExt;
use platform::consumer::RawMessage;
use platform::http::{Body, Content};
use platform::{Publisher, Registry, Usage};
use serde_json::{Value, json};
use shared_kernel::MessageResult;
use shared_kernel::payload::NotificationRequested;
use shared_kernel::{Event, EventData, EventType, Queue};
use standard_webhooks::Environment;
use std::rc::Rc;
use storage::Shards;
use testkit::{
    FixedClock, FixedEntropy, IanaTimeZones, RecordingSink, Sqlite, TestVault, consume, run,
};

const OPERATOR: &str = "operator";

struct House {
    app: App,
    database: Rc<Sqlite>,
    shards: Shards,
    sink: Rc<RecordingSink>,
    registry: Registry,
    clock: Rc<FixedClock>,
}

impl House {
    fn new() -> Self {
        let (database, shards) = testkit::database();
        let sink = Rc::new(RecordingSink::default());
        let clock = Rc::new(FixedClock::at("2026-11-23T12:00:00Z"));
        let publisher = || Publisher::new(Rc::clone(&sink) as _);
        let app = App {
            shards: shards.clone(),
            publisher: ApiEventPublisher::new(publisher()),
            sink: Rc::clone(&sink) as _,
            clock: Rc::clone(&clock) as _,
            timer: Rc::clone(&clock) as _,
            time_zones: Rc::new(IanaTimeZones),
            rate_limiter: Rc::new(testkit::Unlimited),
            entropy: Rc::new(FixedEntropy::default()),
            operator_token: Some(OPERATOR.to_owned()),
            unsubscribe_key: None,
            vault: Rc::new(TestVault::default()),
            environment: Environment::Public,
            usage: Rc::new(Usage::default()),
        };
        let publisher = AggregationEventPublisher::new(publisher());
        let registry = registry(shards.clone(), publisher, Rc::clone(&clock) as _);
        Self { app, database, shards, sink, registry, clock }
    }

    fn athlete(&self) -> Athlete<'_> {
        let operator = Athlete { house: self, key: OPERATOR.to_owned() };
        let new = json!({ "display_name": "Ada" });
        let key = operator.ok("POST", "/v1/admin/athletes", &new)["api_key"].clone();
        Athlete { house: self, key: key.as_str().unwrap().to_owned() }
    }

    /// Lets aggregation consume all that is on its queue, and answers the events for others.
    fn settle(&self) -> Vec<Event> {
        let (mine, others) = self.take_events();
        let results = self.deliver(&mine);
        assert!(results.iter().all(|result| *result == MessageResult::Ack), "{results:?}");
        let (more, published) = self.take_events();
        assert!(more.is_empty(), "aggregation tells itself nothing");
        others.into_iter().chain(published).collect()
    }

    /// What is on the queue of aggregation, and the events for others; taken away.
    fn take_events(&self) -> (Vec<Event>, Vec<Event>) {
        let events = self.sink.take_events().into_iter();
        events.partition(|event| event.event_type().queue() == Queue::VolumeAggregation)
    }

    fn deliver(&self, events: &[Event]) -> Vec<MessageResult> {
        let message = |event: &Event| RawMessage {
            id: event.id.to_string(),
            body: event.encode().unwrap(),
            attempts: 1,
        };
        let messages: Vec<_> = events.iter().map(message).collect();
        let (shards, sink) = (&self.shards, &*self.sink);
        let results = consume(&self.registry, shards, sink, Queue::VolumeAggregation, &messages);
        assert_eq!(self.sink.take_dead_letters(Queue::VolumeAggregation), []);
        results
    }
}

struct Athlete<'a> {
    house: &'a House,
    key: String,
}

impl Athlete<'_> {
    /// Status and text of an answer.
    fn send(&self, method: &str, path: &str, content_type: &str, body: &str) -> (u16, String) {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("http://host{path}"))
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", content_type)
            .body(Body::Complete(body.as_bytes().to_vec()))
            .unwrap();
        let response = run(self.house.app.handle(request));
        let status = response.status().as_u16();
        let text = match response.into_body() {
            Content::Text(text) => text,
            Content::Stream(chunks) => run(chunks.try_collect::<Vec<_>>()).unwrap().concat(),
        };
        (status, text)
    }

    fn ok(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, text) = self.send(method, path, "application/json", &body.to_string());
        assert!((200..300).contains(&status), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    fn get(&self, path: &str) -> Value {
        self.ok("GET", path, &Value::Null)
    }

    /// Posts a workout; answers its path.
    fn post(&self, workout: &Value) -> String {
        let posted = self.ok("POST", "/v1/workouts", workout);
        format!("/v1/workouts/{}", posted["id"].as_str().unwrap())
    }

    /// Sends a CSV; answers the import.
    fn import(&self, query: &str, csv: &str) -> Value {
        let (status, text) = self.send("POST", &format!("/v1/imports{query}"), "text/csv", csv);
        assert_eq!(status, 202, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    fn import_now(&self, import: &Value) -> Value {
        self.get(&format!("/v1/imports/{}", import["id"].as_str().unwrap()))
    }

    /// All that is summed of an athlete's training, without ids.
    fn sums(&self) -> Value {
        let records = self.get("/v1/records")["items"].as_array().unwrap().clone();
        let records = records.into_iter().map(|mut record| {
            record.as_object_mut().unwrap().remove("workout_id");
            record
        });
        json!({
            "weeks": self.get("/v1/volume/weekly?from=2024-12-01&to=2026-12-31")["weeks"],
            "days": [
                self.get("/v1/volume/daily?from=2024-12-01&to=2025-12-31")["days"],
                self.get("/v1/volume/daily?from=2026-01-01&to=2026-12-31")["days"],
            ],
            "records": records.collect::<Vec<_>>(),
        })
    }
}

/// A set of the bench press as a workout of an hour.
fn bench(started_at: &str, kg: f64, reps: u32) -> Value {
    let set = json!({ "kind": "working", "weight_kg": kg, "reps": reps });
    json!({
        "started_at": started_at,
        "ended_at": started_at,
        "exercises": [{ "exercise": "barbell-bench-press", "sets": [set] }],
    })
}

fn notifications(events: &[Event]) -> Vec<NotificationRequested> {
    let notification = |event: &Event| match &event.data {
        EventData::NotificationRequested(data) => Some(data.clone()),
        _ => None,
    };
    events.iter().filter_map(notification).collect()
}

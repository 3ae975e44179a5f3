//! The application on real SQL, with a recording sink: responses, errors, faults, the sweep.

use crate::app::App;
use crate::cors::AllowedOrigins;
use crate::key_usage::KeyUsage;
use crate::publisher::ApiEventPublisher;
use futures::TryStreamExt;
use platform::http::{Body, Content, Response};
use platform::{Publisher, Usage};
use serde_json::{Value, json};
use shared_kernel::payload::WorkoutSnapshot;
use shared_kernel::{Event, EventData, EventType, LinkKey};
use standard_webhooks::Environment;
use std::rc::Rc;
use storage::shards::index_of;
use testkit::{
    CountingRateLimiter, DatabaseFault, Databases, DeferredTasks, FixedClock, FixedEntropy,
    IanaTimeZones, RecordingSink, TestVault, run,
};

mod account;
mod body_weights;
mod dead_letters;
mod dead_letters_due;
mod edits;
mod email_confirmation;
mod every_call;
mod exercises;
mod import_defaults;
mod imports;
mod inbox;
mod invalid_requests;
mod keys;
mod operators;
mod patterns;
mod pipeline;
mod rate_limits;
mod reference;
mod sets;
mod sweep;
mod sweep_jobs;
mod sync;
mod unsubscribe;
mod volume;
mod webhooks;
mod workouts;

const OPERATOR: &str = "operator-token";

struct TestApi {
    app: Rc<App>,
    database: Databases,
    sink: Rc<RecordingSink>,
    clock: Rc<FixedClock>,
    rate_limiter: Rc<CountingRateLimiter>,
    /// The work that continues after the responses.
    later: Rc<DeferredTasks>,
}

impl TestApi {
    fn new() -> Self {
        let (database, shards) = testkit::databases();
        let sink = Rc::new(RecordingSink::default());
        let clock = Rc::new(FixedClock::at("2026-11-23T12:00:00Z"));
        let rate_limiter = Rc::new(CountingRateLimiter::default());
        let later = Rc::new(DeferredTasks::default());
        let app = Rc::new(App {
            shards,
            publisher: ApiEventPublisher::new(Publisher::new(Rc::clone(&sink) as _)),
            sink: Rc::clone(&sink) as _,
            clock: Rc::clone(&clock) as _,
            timer: Rc::clone(&clock) as _,
            time_zones: Rc::new(IanaTimeZones),
            entropy: Rc::new(FixedEntropy::default()),
            operator_token: Some(OPERATOR.to_owned()),
            link_key: LinkKey::derived_from("secret"),
            vault: Rc::new(TestVault::default()),
            rate_limiter: Rc::clone(&rate_limiter) as _,
            environment: Environment::Public,
            has_public_url: true,
            key_usage: KeyUsage::new(Rc::default(), Rc::clone(&later) as _),
            allowed_origins: AllowedOrigins::parse("https://app.example", false),
            usage: Rc::new(Usage::default()),
        });
        Self { app, database, sink, clock, rate_limiter, later }
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        let mut request = http::Request::builder().method(method).uri(format!("http://host{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let bytes_max = crate::body_bytes_max(path.split('?').next().unwrap());
        let body = if body.len() > bytes_max {
            Body::TooLong { bytes_max }
        } else {
            Body::Complete(body.to_vec())
        };
        run(self.app.handle(request.body(body).unwrap()))
    }

    fn call(&self, token: &str, method: &str, path: &str, body: Option<&Value>) -> TestResponse {
        self.call_with(token, method, path, body, &[])
    }

    fn call_with(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<&Value>,
        more: &[(&str, &str)],
    ) -> TestResponse {
        let bearer = format!("Bearer {token}");
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend_from_slice(more);
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        let bytes = body.map(ToString::to_string).unwrap_or_default();
        TestResponse::from_http(self.send(method, path, &headers, bytes.as_bytes()))
    }

    fn create_athlete(&self) -> String {
        let email = "ada@example.com";
        let body = json!({ "display_name": "Ada", "email": email, "email_confirmed": true });
        let response = self.call(OPERATOR, "POST", "/v1/admin/athletes", Some(&body));
        assert_eq!(response.status, 201, "{}", response.body);
        response.body["api_key"].as_str().unwrap().to_owned()
    }

    /// Returns the key of an athlete in the same database as that of `key`: `other`, or a new one.
    fn in_database_of(&self, key: &str, mut other: String) -> String {
        let database = |key: &str| index_of(self.athlete_id(key).parse().unwrap());
        while database(&other) != database(key) {
            other = self.create_athlete();
        }
        other
    }

    fn athlete_id(&self, key: &str) -> String {
        self.get(key, "/v1/me").body["athlete_id"].as_str().unwrap().to_owned()
    }

    fn get(&self, key: &str, path: &str) -> TestResponse {
        self.call(key, "GET", path, None)
    }

    fn post(&self, key: &str, path: &str, body: &Value) -> TestResponse {
        self.call(key, "POST", path, Some(body))
    }

    fn put(&self, key: &str, path: &str, body: &Value) -> TestResponse {
        self.call(key, "PUT", path, Some(body))
    }

    fn delete(&self, key: &str, path: &str) -> TestResponse {
        self.call(key, "DELETE", path, None)
    }

    /// Posts a workout, drops its event and returns its path.
    fn create_workout(&self, key: &str, workout: &Value) -> String {
        let created = self.post(key, "/v1/workouts", workout);
        assert_eq!(created.status, 201, "{}", created.body);
        self.sink.take_events();
        format!("/v1/workouts/{}", created.body["id"].as_str().unwrap())
    }

    /// The type and revision of each event published since the last call.
    fn take_published(&self) -> Vec<(EventType, i64)> {
        let events = self.sink.take_events();
        events.iter().map(|event| (event.event_type(), snapshot(event).revision)).collect()
    }

    /// Marks all workouts as aggregated, as aggregation does.
    fn mark_aggregated(&self) {
        self.database.execute(
            "UPDATE workouts SET aggregated_revision = revision, \
             due_at_ms = iif(status = 'in_progress', changed_at_ms + 86400000, NULL)",
        );
    }

    /// The body weight, in grams, that counts for a workout.
    fn counted_body_weight(&self, workout: &Value) -> Option<i64> {
        let id = workout["id"].as_str().unwrap();
        let rows = self.database.query(&format!(
            "SELECT body_weight_grams AS grams FROM workouts WHERE workout_id = '{id}'"
        ));
        serde_json::from_str::<Value>(&rows[0]).unwrap()["grams"].as_i64()
    }

    fn workout_count(&self) -> usize {
        self.database.query("SELECT 1 FROM workouts").len()
    }
}

struct TestResponse {
    status: u16,
    headers: platform::http::HeaderMap,
    body: Value,
    text: String,
}

impl TestResponse {
    fn from_http(response: Response) -> Self {
        let (parts, content) = response.into_parts();
        let text = match content {
            Content::Text(text) => text,
            Content::Stream(chunks) => run(chunks.try_collect::<Vec<_>>()).unwrap().concat(),
        };
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self { status: parts.status.as_u16(), headers: parts.headers, body, text }
    }

    fn etag(&self) -> &str {
        self.headers["etag"].to_str().unwrap()
    }

    fn location(&self) -> &str {
        self.headers["location"].to_str().unwrap()
    }

    fn error_pointers(&self) -> Vec<String> {
        let errors = self.body["errors"].as_array().unwrap_or_else(|| panic!("{}", self.body));
        let place = |error: &Value| {
            error["pointer"].as_str().or(error["parameter"].as_str()).unwrap().to_owned()
        };
        errors.iter().map(place).collect()
    }
}

fn bench_workout(sets: usize) -> Value {
    let set = json!({ "kind": "working", "weight_kg": 102.5, "reps": 8, "rpe": 8.5 });
    json!({
        "title": "Push",
        "started_at": "2026-11-23T08:00:00+01:00",
        "ended_at": "2026-11-23T09:00:00+01:00",
        "exercises": [{ "exercise": "barbell-bench-press", "sets": vec![set; sets] }],
    })
}

/// A workout in progress without a set.
fn open_workout() -> Value {
    json!({ "started_at": "2026-11-23T08:00:00+01:00", "exercises": [] })
}

fn snapshot(event: &Event) -> &WorkoutSnapshot {
    match &event.data {
        EventData::TrainingSetRecorded(data) => &data.workout,
        EventData::WorkoutCompleted(data) => &data.workout,
        EventData::VolumeUpdated(data) => &data.workout,
        EventData::WorkoutDeleted(data) => &data.workout,
        other => panic!("not a workout event: {other:?}"),
    }
}

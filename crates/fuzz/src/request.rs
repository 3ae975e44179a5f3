//! Sequences of requests to the api on the real SQL: paths, queries, headers and bodies of every
//! endpoint, in the format of `.http` files. A line `###` separates two requests, an empty line the
//! headers and the body.
//!
//! Placeholders such as `$WORKOUT` stand for ids and keys, which a fuzzer cannot guess: see
//! `Fixture::fill_in`. Thresholds without a source are project defaults.

use api::app::App;
use api::cors::AllowedOrigins;
use api::key_usage::KeyUsage;
use api::publisher::ApiEventPublisher;
use futures::{StreamExt, TryStreamExt};
use http::Request;
use platform::http::{Body, Content, Response};
use platform::{Clock, Publisher, Usage};
use serde_json::Value;
use shared_kernel::{AthleteId, DeadLetter, LinkKey, NotificationKind};
use standard_webhooks::Environment;
use std::cell::RefCell;
use std::rc::Rc;
use storage::Shards;
use testkit::{Databases, FixedClock, FixedEntropy, IanaTimeZones, RecordingSink, TestVault, run};

/// The requests of one input; a second input explores as much as more of them.
const REQUESTS_MAX: usize = 5;
/// The chunks of a response that are read: a notification stream lasts for minutes.
const CHUNKS_MAX: usize = 20;
const OPERATOR: &str = "operator-token";
const NOW: &str = "2026-11-23T12:00:00Z";
const EVENT: &str = include_str!("../../shared-kernel/golden/AggregationUpdated.v1.json");
const SEEDS: [(&str, &str); 2] = [
    (
        "/v1/workouts",
        r#"{"started_at":"2026-11-23T08:00:00+01:00","exercises":[{"exercise":"pull-up","sets":[{"kind":"working","reps":8}]}]}"#,
    ),
    ("/v1/webhooks", r#"{"url":"https://hooks.example/bulktrack"}"#),
];

thread_local! {
    static FIXTURE: RefCell<Fixture> = RefCell::new(Fixture::new());
}

/// No response is 5xx; a rejected request gets a problem document and changes nothing.
pub fn check(bytes: &[u8]) {
    FIXTURE.with_borrow_mut(|fixture| {
        fixture.reset();
        // Invalid UTF-8 becomes U+FFFD, which exercises text that is not ASCII.
        let text = String::from_utf8_lossy(bytes);
        for text in fixture.fill_in(&text).split("\n###\n").take(REQUESTS_MAX) {
            let Some(request) = request(text) else { return };
            let changes = fixture.changes();
            let response = run(fixture.app.handle(request));
            check_response(text, response, fixture.changes() - changes);
        }
    });
}

/// Parses a request; `None` if it is not valid HTTP, which the platform would reject.
fn request(text: &str) -> Option<Request<Body>> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, target) = lines.next()?.split_once(' ')?;
    let mut request = Request::builder().method(method).uri(format!("http://host{target}"));
    for line in lines {
        let (name, value) = line.split_once(": ")?;
        request = request.header(name, value);
    }
    let request = request.body(Body::Complete(body.as_bytes().to_vec())).ok()?;
    let bytes_max = api::body_bytes_max(request.uri().path());
    let is_short = body.len() <= bytes_max;
    Some(if is_short { request } else { request.map(|_| Body::TooLong { bytes_max }) })
}

fn check_response(request: &str, response: Response, changes: u64) {
    let (parts, content) = response.into_parts();
    let status = parts.status;
    let text = match content {
        Content::Text(text) => text,
        Content::Stream(chunks) => {
            run(chunks.take(CHUNKS_MAX).try_collect::<Vec<_>>()).expect("no chunk fails").concat()
        }
    };
    assert!(!status.is_server_error(), "{status}: {text}\n{request}");
    assert!(parts.headers.contains_key("x-request-id"), "{request}");
    if !status.is_client_error() {
        return;
    }
    assert_eq!(changes, 0, "rejected with {status}, but changed rows: {text}\n{request}");
    assert_eq!(parts.headers["content-type"], "application/problem+json");
    let problem: Value = serde_json::from_str(&text).expect("a problem is JSON");
    assert_eq!(problem["status"], status.as_u16());
    if let Some(errors) = problem["errors"].as_array() {
        assert!(!errors.is_empty());
        let has_place = |error: &Value| {
            error["pointer"].is_string() || error["parameter"].is_string() || error["line"].is_u64()
        };
        assert!(errors.iter().all(has_place), "{text}");
    }
}

/// The api with an athlete who has a workout and a webhook, and a dead letter.
struct Fixture {
    app: Rc<App>,
    clock: Rc<FixedClock>,
    databases: Databases,
    placeholders: Vec<(&'static str, String)>,
    /// The rows that had been written when the fixture was complete.
    changes: u64,
}

impl Fixture {
    fn new() -> Self {
        let (databases, shards) = testkit::databases();
        let (app, clock) = app(shards);
        let mut fixture = Self { app, clock, databases, placeholders: Vec::new(), changes: 0 };
        fixture.populate();
        fixture
    }

    /// Restores the initial state if anything has changed.
    fn reset(&mut self) {
        let has_clock_moved = self.clock.now() != FixedClock::at(NOW).now();
        if has_clock_moved || self.changes() != self.changes {
            self.databases.clear();
            (self.app, self.clock) = app(self.databases.shards());
            self.populate();
        }
    }

    fn populate(&mut self) {
        let created = self.create("/v1/admin/athletes", OPERATOR, r#"{"display_name":"Ada"}"#);
        let text = |name: &str| created[name].as_str().expect("a text").to_owned();
        let (athlete, key) = (text("athlete_id"), text("api_key"));
        let [workout, webhook] = SEEDS.map(|(path, body)| {
            self.create(path, &key, body)["id"].as_str().expect("an id").to_owned()
        });
        let dead_letter = DeadLetter {
            queue: "ai-analysis".to_owned(),
            message_id: "message".to_owned(),
            reason: "database: unavailable".to_owned(),
            attempts: 4,
            failed_at_ms: self.clock.now_ms(),
            is_transient: false,
            body: EVENT.to_owned(),
        };
        let stored = storage::dead_letters::store(
            self.app.shards.operators(),
            std::slice::from_ref(&dead_letter),
        );
        run(stored).expect("the dead letter is stored");
        let athlete_id: AthleteId = athlete.parse().expect("an athlete's id");
        let key_of_links = self.app.link_key.as_ref().expect("a key");
        let link = key_of_links.unsubscribe_link("", athlete_id, NotificationKind::WeeklyReport);
        let confirmation =
            key_of_links.confirmation_link("", athlete_id, "ada@example.com", self.clock.now());
        self.placeholders = vec![
            ("$ATHLETE", athlete),
            ("$CONFIRM", confirmation),
            ("$KEY", key),
            ("$DEAD_LETTER", dead_letter.id().to_string()),
            ("$OPERATOR", OPERATOR.to_owned()),
            ("$UNSUBSCRIBE", link),
            ("$WEBHOOK", webhook),
            ("$WORKOUT", workout),
        ];
        self.changes = self.changes();
    }

    /// Replaces the placeholders of a text.
    fn fill_in(&self, text: &str) -> String {
        if !text.contains('$') {
            return text.to_owned();
        }
        let fill_in = |text: String, (name, value): &(&str, String)| text.replace(name, value);
        self.placeholders.iter().fold(text.to_owned(), fill_in)
    }

    /// Returns the number of rows written since the databases were opened.
    fn changes(&self) -> u64 {
        let rows = self.databases.query("SELECT total_changes() AS changes");
        let count = |row: &String| {
            let row: Value = serde_json::from_str(row).expect("JSON");
            row["changes"].as_u64().expect("a count")
        };
        rows.iter().map(count).sum()
    }

    fn create(&self, path: &str, token: &str, body: &str) -> Value {
        let text = format!(
            "POST {path}\nauthorization: Bearer {token}\ncontent-type: application/json\n\n{body}"
        );
        let response = run(self.app.handle(request(&text).expect("a request")));
        let Content::Text(text) = response.into_body() else { panic!("{path}: a stream") };
        serde_json::from_str(&text).expect("JSON")
    }
}

fn app(shards: Shards) -> (Rc<App>, Rc<FixedClock>) {
    let sink = Rc::new(RecordingSink::default());
    let clock = Rc::new(FixedClock::at(NOW));
    let app = Rc::new(App {
        shards,
        publisher: ApiEventPublisher::new(Publisher::new(Rc::clone(&sink) as _)),
        sink,
        clock: Rc::clone(&clock) as _,
        timer: Rc::clone(&clock) as _,
        time_zones: Rc::new(IanaTimeZones),
        rate_limiter: Rc::new(testkit::Unlimited),
        entropy: Rc::new(FixedEntropy::default()),
        operator_token: Some(OPERATOR.to_owned()),
        link_key: LinkKey::derived_from("secret"),
        vault: Rc::new(TestVault::default()),
        environment: Environment::Public,
        has_public_url: true,
        key_usage: KeyUsage::new(Rc::default(), Rc::new(testkit::DeferredTasks::default())),
        allowed_origins: AllowedOrigins::default(),
        usage: Rc::new(Usage::default()),
    });
    (app, clock)
}

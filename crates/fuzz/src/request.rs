//! Requests to the api, one after the other, on the real SQL: paths, queries, headers and bodies of
//! every endpoint. Written as `.http` files are: a line `###` stands between two requests, an empty
//! line between headers and body.
//!
//! Names of what is there stand for it, since ids are not for guessing: see `House::named`.

use api::app::App;
use api::publisher::ApiEventPublisher;
use futures::{StreamExt, TryStreamExt};
use http::Request;
use platform::http::{Body, Content, Response};
use platform::{Clock, Publisher, Usage};
use serde_json::Value;
use shared_kernel::{AthleteId, DeadLetter, NotificationKind, UnsubscribeKey};
use standard_webhooks::Environment;
use std::cell::RefCell;
use std::rc::Rc;
use storage::Shards;
use testkit::{
    DatabaseZones, FixedClock, FixedEntropy, RecordingSink, Sqlite, TestVault, database, run,
};

/// Requests of one input: more of them explore nothing that a second input would not (ours).
const REQUESTS_MAX: usize = 5;
/// Pieces of an answer that are read: a stream of news goes on for minutes (ours).
const PIECES_MAX: usize = 20;
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
    static HOUSE: RefCell<House> = RefCell::new(House::new());
}

/// No request is answered with 5xx; one that is refused is told why, and changed nothing.
pub fn check(bytes: &[u8]) {
    HOUSE.with_borrow_mut(|house| {
        house.tidy();
        // Bytes that are no text become U+FFFD, and so reach what takes text that is not ASCII.
        let text = String::from_utf8_lossy(bytes);
        for text in house.named(&text).split("\n###\n").take(REQUESTS_MAX) {
            let Some(request) = request(text) else { return };
            let changes = house.changes();
            let response = run(house.app.handle(request));
            answered(text, response, house.changes() - changes);
        }
    });
}

/// Line by line as in HTTP; `None` for what cannot be a request at all, which the platform answers.
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

fn answered(request: &str, response: Response, changes: u64) {
    let (parts, content) = response.into_parts();
    let status = parts.status;
    let text = match content {
        Content::Text(text) => text,
        Content::Pieces(pieces) => {
            run(pieces.take(PIECES_MAX).try_collect::<Vec<_>>()).expect("no piece fails").concat()
        }
    };
    assert!(!status.is_server_error(), "{status}: {text}\n{request}");
    assert!(parts.headers.contains_key("x-request-id"), "{request}");
    if !status.is_client_error() {
        return;
    }
    assert_eq!(changes, 0, "refused with {status}, and changed something: {text}\n{request}");
    assert_eq!(parts.headers["content-type"], "application/problem+json");
    let problem: Value = serde_json::from_str(&text).expect("a problem is JSON");
    assert_eq!(problem["status"], status.as_u16());
    if let Some(errors) = problem["errors"].as_array() {
        assert!(!errors.is_empty());
        assert!(errors.iter().all(|error| error["pointer"].is_string()), "{text}");
    }
}

/// The api, with an athlete who has a workout and a webhook, and a dead letter.
struct House {
    app: App,
    clock: Rc<FixedClock>,
    database: Rc<Sqlite>,
    names: Vec<(&'static str, String)>,
    changes: u64,
}

impl House {
    fn new() -> Self {
        let (database, shards) = database();
        let (app, clock) = app(shards);
        let mut house = Self { app, clock, database, names: Vec::new(), changes: 0 };
        house.furnish();
        house
    }

    /// As it was when it was new, if anything has changed since.
    fn tidy(&mut self) {
        let moved = self.clock.now() != FixedClock::at(NOW).now();
        if moved || self.changes() != self.changes {
            self.database.clear();
            (self.app, self.clock) = app(Shards::single(Rc::clone(&self.database) as _));
            self.furnish();
        }
    }

    fn furnish(&mut self) {
        let made = self.make("/v1/admin/athletes", OPERATOR, r#"{"display_name":"Ada"}"#);
        let text = |name: &str| made[name].as_str().expect("a text").to_owned();
        let (athlete, key) = (text("athlete_id"), text("api_key"));
        let [workout, webhook] = SEEDS.map(|(path, body)| {
            self.make(path, &key, body)["id"].as_str().expect("an id").to_owned()
        });
        let letter = DeadLetter {
            queue: "ai-analysis".to_owned(),
            message_id: "message".to_owned(),
            reason: "database: away".to_owned(),
            attempts: 4,
            failed_at_ms: self.clock.now_ms(),
            body: EVENT.to_owned(),
        };
        let stored = storage::dead_letters::store(
            self.app.shards.operators(),
            std::slice::from_ref(&letter),
        );
        run(stored).expect("the letter is stored");
        let athlete_id: AthleteId = athlete.parse().expect("an athlete's id");
        let links = self.app.unsubscribe_key.as_ref().expect("there is a key");
        let link = links.link("", athlete_id, NotificationKind::WeeklyReport);
        self.names = vec![
            ("$ATHLETE", athlete),
            ("$KEY", key),
            ("$LETTER", letter.id().to_string()),
            ("$OPERATOR", OPERATOR.to_owned()),
            ("$UNSUBSCRIBE", link),
            ("$WEBHOOK", webhook),
            ("$WORKOUT", workout),
        ];
        self.changes = self.changes();
    }

    /// A text with what its names stand for.
    fn named(&self, text: &str) -> String {
        if !text.contains('$') {
            return text.to_owned();
        }
        self.names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    /// Rows that were written since the database was opened.
    fn changes(&self) -> u64 {
        let rows = self.database.query("SELECT total_changes() AS changes");
        let row: Value = serde_json::from_str(rows.first().expect("a row")).expect("JSON");
        row["changes"].as_u64().expect("a count")
    }

    fn make(&self, path: &str, token: &str, body: &str) -> Value {
        let text = format!(
            "POST {path}\nauthorization: Bearer {token}\ncontent-type: application/json\n\n{body}"
        );
        let response = run(self.app.handle(request(&text).expect("a request")));
        let Content::Text(text) = response.into_body() else { panic!("{path}: a stream") };
        serde_json::from_str(&text).expect("JSON")
    }
}

fn app(shards: Shards) -> (App, Rc<FixedClock>) {
    let sink = Rc::new(RecordingSink::default());
    let clock = Rc::new(FixedClock::at(NOW));
    let app = App {
        shards,
        publisher: ApiEventPublisher::new(Publisher::new(Rc::clone(&sink) as _)),
        sink,
        clock: Rc::clone(&clock) as _,
        timer: Rc::clone(&clock) as _,
        time_zones: Rc::new(DatabaseZones),
        rate_limiter: Rc::new(testkit::Unlimited),
        entropy: Rc::new(FixedEntropy::default()),
        operator_token: Some(OPERATOR.to_owned()),
        unsubscribe_key: UnsubscribeKey::derived_from("secret"),
        vault: Rc::new(TestVault::default()),
        environment: Environment::Public,
        usage: Rc::new(Usage::default()),
    };
    (app, clock)
}

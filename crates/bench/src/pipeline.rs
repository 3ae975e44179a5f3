//! The four workers on native SQLite, with their real handlers. The benchmark delivers the messages.

use crate::databases::Databases;
use crate::meter::{Meter, Step};
use crate::ports::{Queues, SeededEntropy};
use aggregation::publisher::AggregationEventPublisher;
use ai::analysis::Analysis;
use ai::narrator::Template;
use ai::publisher::AIEventPublisher;
use api::app::App;
use api::cors::AllowedOrigins;
use api::key_usage::KeyUsage;
use api::publisher::ApiEventPublisher;
use futures_util::TryStreamExt;
use platform::consumer::Consumer;
use platform::http::{Body, Content};
use platform::{Clock, PipelineMetrics, Publisher, Registry, Usage};
use serde_json::{Value, json};
use shared_kernel::{MessageResult, Queue};
use standard_webhooks::Environment;
use std::rc::Rc;
use storage::{Database, KeyProof, Scope};
use testkit::{DeferredTasks, FixedClock, IanaTimeZones, Receivers, RecordingMailer, TestVault};
use webhook::dispatch::Dispatcher;
use webhook::email_sender::EmailSender;
use webhook::notifier::Notifier;
use webhook::publisher::WebhookEventPublisher;

const OPERATOR: &str = "operator";

/// The workers with their databases and queues.
pub struct Pipeline {
    pub databases: Databases,
    clock: Rc<FixedClock>,
    pub meter: Rc<Meter>,
    queues: Rc<Queues>,
    /// Keeps the emails that were sent.
    pub mailer: Rc<RecordingMailer>,
    app: Rc<App>,
    after_response: Rc<DeferredTasks>,
    background: Rc<DeferredTasks>,
    registries: [Registry; 3],
}

/// The ports that several workers share.
struct Ports {
    queues: Rc<Queues>,
    clock: Rc<FixedClock>,
    entropy: Rc<SeededEntropy>,
    mailer: Rc<RecordingMailer>,
    background: Rc<DeferredTasks>,
}

impl Pipeline {
    /// Creates the workers at an instant (RFC 3339).
    pub fn new(databases: Databases, now: &str) -> Self {
        let (clock, meter) = (Rc::new(FixedClock::at(now)), Rc::new(Meter::default()));
        for database in databases.all() {
            let meter = Rc::clone(&meter);
            database.observe(move |sql, time, rows| meter.add_statement(sql, time, rows));
        }
        let ports = Ports {
            queues: Rc::new(Queues::new(Rc::clone(&clock), Rc::clone(&meter))),
            clock: Rc::clone(&clock),
            entropy: Rc::new(SeededEntropy::new(1)),
            mailer: Rc::default(),
            background: Rc::default(),
        };
        let after_response = Rc::new(DeferredTasks::default());
        Self {
            app: app(&ports, &databases, &after_response),
            registries: [
                aggregation_registry(&ports, &databases),
                ai_registry(&ports, &databases),
                webhook_registry(&ports, &databases),
            ],
            queues: ports.queues,
            mailer: ports.mailer,
            background: ports.background,
            databases,
            clock,
            meter,
            after_response,
        }
    }

    /// Creates an athlete with a confirmed email address. Returns the API key.
    pub fn create_athlete(&self, n: usize) -> String {
        let profile = json!({
            "display_name": format!("Athlete {n}"),
            "email": format!("athlete{n}@example.com"),
            "email_confirmed": true,
        });
        let created = self.send(OPERATOR, "POST", "/v1/admin/athletes", &profile, None);
        created["api_key"].as_str().unwrap_or_default().to_owned()
    }

    /// Returns the proof of the first athlete's key, with the athlete's database.
    pub fn first_key(&self) -> (KeyProof, &dyn Database) {
        let sql = "SELECT athlete_id, key_id, secret_hash FROM api_keys LIMIT 1";
        let rows = self.databases.of_athletes().flat_map(|(_, database)| database.query(sql));
        let row = { rows }.next().expect("there is a key");
        let row: Value = serde_json::from_str(&row).expect("rows are JSON");
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let athlete_id = text("athlete_id").parse().expect("ids are stored as text");
        let (key_id, secret_hash) = (text("key_id"), text("secret_hash"));
        let proof =
            KeyProof { athlete_id, key_id, secret_hash, scope: Scope::Read, now_ms: self.now_ms() };
        (proof, self.databases.shards.for_athlete(athlete_id))
    }

    /// Sends a request with a JSON body that must succeed. Returns the JSON of the response.
    pub fn send(
        &self,
        key: &str,
        method: &str,
        path: &str,
        body: &Value,
        idempotency_key: Option<&str>,
    ) -> Value {
        let mut request = request(key, method, path).header("content-type", "application/json");
        if let Some(key) = idempotency_key {
            request = request.header("idempotency-key", key);
        }
        let text = self.exchange(request, body.to_string());
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// Sends a CSV file in a request that must succeed. Returns the JSON of the response.
    pub fn send_csv(&self, key: &str, path: &str, file: String) -> Value {
        let request = request(key, "POST", path).header("content-type", "text/csv");
        serde_json::from_str(&self.exchange(request, file)).unwrap_or(Value::Null)
    }

    /// Reads a resource that exists.
    pub fn get(&self, key: &str, path: &str) -> Value {
        let text = self.exchange(request(key, "GET", path), String::new());
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    fn exchange(&self, request: http::request::Builder, body: String) -> String {
        let request = request.body(Body::Complete(body.into_bytes())).expect("a valid request");
        let target = format!("{} {}", request.method(), request.uri());
        let response = self.invoke(Step::Request, 1, || testkit::run(self.app.handle(request)));
        self.run_after_response();
        let status = response.status();
        let text = match response.into_body() {
            Content::Text(text) => text,
            Content::Stream(chunks) => {
                testkit::run(chunks.try_collect::<String>()).expect("a complete stream")
            }
        };
        assert!(status.is_success(), "{target}: {status} {text}");
        text
    }

    /// Stores the day on which the key was last used, if that is due. It is part of the request's invocation.
    fn run_after_response(&self) {
        let before = self.databases.round_trips();
        self.meter.enter(Step::AfterResponse);
        self.after_response.run();
        self.meter.add(|cost| cost.round_trips += self.databases.round_trips() - before);
    }

    /// Runs the sweep, as the cron does each minute.
    pub fn sweep(&self) {
        self.invoke(Step::Sweep, 1, || testkit::run(self.app.sweep()));
    }

    /// Delivers all messages that are due, and those that they cause, in batches of at most `batch_max`.
    pub fn deliver_all(&self, batch_max: usize) {
        while Queue::ALL.into_iter().any(|queue| self.deliver(queue, batch_max)) {}
    }

    /// Delivers one batch of a queue. Returns whether there was one.
    fn deliver(&self, queue: Queue, batch_max: usize) -> bool {
        let limit = queue.consumption().batch_size_max as usize;
        let messages = self.queues.take(queue, batch_max.min(limit));
        if messages.is_empty() {
            return false;
        }
        let [aggregation, ai, webhook] = &self.registries;
        let (step, registry) = match queue {
            Queue::VolumeAggregation => (Step::Aggregation, aggregation),
            Queue::AiAnalysis => (Step::Ai, ai),
            Queue::WebhookNotification => (Step::Webhook, webhook),
        };
        let consumer = Consumer {
            worker: step.name(),
            registry,
            sink: &*self.queues,
            shards: &self.databases.shards,
            clock: &*self.clock,
            usage: &Usage::default(),
            metrics: &PipelineMetrics::default(),
        };
        let results = self.invoke(step, messages.len(), || {
            let results = testkit::run(consumer.consume(queue, &messages));
            self.background.run();
            results
        });
        assert!(
            results.iter().all(|result| *result == MessageResult::Ack),
            "{queue:?}: {results:?}"
        );
        true
    }

    /// Runs an invocation and counts its round trips.
    fn invoke<T>(&self, step: Step, log_lines: usize, action: impl FnOnce() -> T) -> T {
        let before = self.databases.round_trips();
        self.meter.begin(step, log_lines);
        let result = action();
        self.meter.add(|cost| cost.round_trips += self.databases.round_trips() - before);
        result
    }

    /// Returns the time that the workers read.
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Moves the clock forward to an instant.
    pub fn advance_to_ms(&self, instant_ms: i64) {
        self.clock.advance_ms((instant_ms - self.clock.now_ms()).max(0));
    }
}

fn request(key: &str, method: &str, path: &str) -> http::request::Builder {
    http::Request::builder()
        .method(method)
        .uri(format!("http://host{path}"))
        .header("authorization", format!("Bearer {key}"))
}

impl Ports {
    fn publisher(&self) -> Publisher {
        Publisher::new(Rc::clone(&self.queues) as _)
    }
}

fn app(ports: &Ports, databases: &Databases, after_response: &Rc<DeferredTasks>) -> Rc<App> {
    Rc::new(App {
        shards: databases.shards.clone(),
        publisher: ApiEventPublisher::new(ports.publisher()),
        sink: Rc::clone(&ports.queues) as _,
        clock: Rc::clone(&ports.clock) as _,
        timer: Rc::clone(&ports.clock) as _,
        time_zones: Rc::new(IanaTimeZones),
        entropy: Rc::clone(&ports.entropy) as _,
        operator_token: Some(OPERATOR.to_owned()),
        link_key: None,
        vault: Rc::new(TestVault::default()),
        rate_limiter: Rc::new(testkit::Unlimited),
        environment: Environment::Public,
        has_public_url: true,
        key_usage: KeyUsage::new(Rc::default(), Rc::clone(after_response) as _),
        allowed_origins: AllowedOrigins::default(),
        usage: Rc::new(Usage::default()),
    })
}

fn aggregation_registry(ports: &Ports, databases: &Databases) -> Registry {
    let publisher = AggregationEventPublisher::new(ports.publisher());
    aggregation::handlers::registry(
        databases.shards.clone(),
        publisher,
        Rc::clone(&ports.clock) as _,
    )
}

fn ai_registry(ports: &Ports, databases: &Databases) -> Registry {
    ai::handlers::registry(Analysis {
        shards: databases.shards.clone(),
        publisher: AIEventPublisher::new(ports.publisher()),
        narrator: Rc::new(Template),
        clock: Rc::clone(&ports.clock) as _,
    })
}

fn webhook_registry(ports: &Ports, databases: &Databases) -> Registry {
    let publisher = WebhookEventPublisher::new(ports.publisher());
    let notifier = Notifier {
        shards: databases.shards.clone(),
        clock: Rc::clone(&ports.clock) as _,
        time_zones: Rc::new(IanaTimeZones),
        email_sender: EmailSender {
            mailer: Rc::clone(&ports.mailer) as _,
            clock: Rc::clone(&ports.clock) as _,
            time_zones: Rc::new(IanaTimeZones),
            links: None,
        },
        publisher: publisher.clone(),
        entropy: Rc::clone(&ports.entropy) as _,
    };
    let dispatcher = Dispatcher {
        shards: databases.shards.clone(),
        http: Rc::new(Receivers::responding_with(200)),
        vault: Rc::new(TestVault::default()),
        publisher,
        background: Rc::clone(&ports.background) as _,
        timer: Rc::clone(&ports.clock) as _,
        clock: Rc::clone(&ports.clock) as _,
        entropy: Rc::clone(&ports.entropy) as _,
        environment: Environment::Public,
    };
    webhook::handlers::registry(notifier, dispatcher)
}

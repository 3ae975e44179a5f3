//! The four workers over the ports of one environment.

use crate::broker;
use crate::ports::{ApiClock, FaultyDatabase, Ports};
use crate::workload::ATHLETES;
use aggregation::publisher::AggregationEventPublisher;
use ai::analysis::Analysis;
use ai::narrator::Template;
use ai::publisher::AIEventPublisher;
use api::app::App;
use api::cors::AllowedOrigins;
use api::key_usage::KeyUsage;
use api::publisher::ApiEventPublisher;
use platform::consumer::{Consumer, RawMessage};
use platform::http::{Body, Content};
use platform::metrics::{FlushPorts, PipelineMetrics};
use platform::{Destination, Publisher, Registry, Usage};
use serde_json::{Value, json};
use shared_kernel::{MessageResult, Queue};
use standard_webhooks::Environment;
use std::rc::Rc;
use storage::Shards;
use storage::shards::{ATHLETES as ATHLETES_DATABASES, index_of};
use testkit::{Databases, IanaTimeZones, TestVault};
use webhook::dispatch::Dispatcher;
use webhook::email_sender::EmailSender;
use webhook::notifier::Notifier;
use webhook::publisher::WebhookEventPublisher;

const OPERATOR: &str = "operator";

/// The workers and their athletes.
pub struct Pipeline {
    ports: Rc<Ports>,
    app: Rc<App>,
    shards: Shards,
    registries: [Rc<Registry>; 3],
    /// Of one isolate of each consumer.
    metrics: [Rc<PipelineMetrics>; 3],
    pub athletes: Vec<Athlete>,
}

/// An athlete with a webhook.
pub struct Athlete {
    pub id: String,
    pub key: String,
    pub webhook_url: String,
}

/// A response of the api.
#[derive(Clone, Debug)]
pub struct ApiResponse {
    pub status: u16,
    /// `null` if the body is empty.
    pub body: Value,
}

impl Pipeline {
    /// Creates the athletes, each with a webhook and with emails for new records.
    pub fn new(ports: Ports, databases: &Databases) -> Self {
        let ports = Rc::new(ports);
        let shards = databases.shards_over(|binding, sqlite| {
            Rc::new(FaultyDatabase { binding, ports: Rc::clone(&ports), sqlite })
        });
        let registries = [
            aggregation_registry(&ports, &shards),
            ai_registry(&ports, &shards),
            webhook_registry(&ports, &shards),
        ];
        let app = app(&ports, &shards);
        let (metrics, athletes) = (Default::default(), Vec::new());
        let mut pipeline = Self { ports, app, shards, registries, metrics, athletes };
        pipeline.athletes = (0..ATHLETES).map(|n| pipeline.create_athlete(n)).collect();
        pipeline
    }

    fn create_athlete(&self, n: usize) -> Athlete {
        let email = format!("athlete{n}@example.com");
        let webhook_url = format!("https://receiver{n}.example/hook");
        let new = json!({ "display_name": format!("Athlete {n}"), "email": &email, "email_confirmed": true });
        let created = self.call_now(OPERATOR, "POST", "/v1/admin/athletes", &new);
        let text = |name: &str| created[name].as_str().unwrap().to_owned();
        let (id, key) = (text("athlete_id"), text("api_key"));
        let database = ATHLETES_DATABASES[index_of(id.parse().unwrap())];
        self.ports.environment.effects.borrow_mut().record_athlete(email, database);
        let mut me = json!({
            "body_weight_kg": 80, "daily_mail_limit": 100,
            "notifications": { "new_record": { "email": true } },
        });
        if n == 0 {
            me["quiet_hours"] = json!({ "from": "12:30", "to": "12:50" });
        }
        self.call_now(&key, "PUT", "/v1/me", &me);
        self.call_now(&key, "POST", "/v1/webhooks", &json!({ "url": webhook_url }));
        Athlete { id, key, webhook_url }
    }

    fn call_now(&self, key: &str, method: &str, path: &str, body: &Value) -> Value {
        let response = testkit::run(self.call(key, method, path, body, None));
        assert!((200..300).contains(&response.status), "{method} {path}: {response:?}");
        response.body
    }

    /// Redrives dead letters as an operator.
    pub fn redrive(&self, selection: &Value) -> impl Future<Output = ApiResponse> + use<> {
        self.call(OPERATOR, "POST", "/v1/admin/dead-letters/redrive", selection, None)
    }

    /// Sends a request to the api.
    pub fn call(
        &self,
        key: &str,
        method: &str,
        path: &str,
        body: &Value,
        idempotency_key: Option<&str>,
    ) -> impl Future<Output = ApiResponse> + use<> {
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("http://host{path}"))
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", if body.is_string() { "text/csv" } else { "application/json" });
        if let Some(key) = idempotency_key {
            request = request.header("idempotency-key", key);
        }
        let text = body.as_str().map_or_else(|| body.to_string(), ToOwned::to_owned);
        let request = request.body(Body::Complete(text.into_bytes())).unwrap();
        let app = Rc::clone(&self.app);
        async move {
            let response = app.handle(request).await;
            let status = response.status().as_u16();
            let Content::Text(text) = response.into_body() else {
                panic!("a stream was not requested")
            };
            ApiResponse { status, body: serde_json::from_str(&text).unwrap_or(Value::Null) }
        }
    }

    /// Runs the sweep, as the cron does each minute.
    pub fn sweep(&self) -> impl Future<Output = ()> + 'static {
        let app = Rc::clone(&self.app);
        async move { app.sweep().await }
    }

    /// Consumes a batch of a queue with the worker of that queue.
    pub fn consume(
        &self,
        from: Destination,
        messages: Vec<RawMessage>,
    ) -> impl Future<Output = Vec<MessageResult>> + 'static {
        let (Destination::Events(queue) | Destination::DeadLetters(queue)) = from;
        let (worker, index) = match queue {
            Queue::VolumeAggregation => ("aggregation", 0),
            Queue::AiAnalysis => ("ai", 1),
            Queue::WebhookNotification => ("webhook", 2),
        };
        let registry = Rc::clone(&self.registries[index]);
        let metrics = Rc::clone(&self.metrics[index]);
        let (ports, shards) = (Rc::clone(&self.ports), self.shards.clone());
        async move {
            let (sink, clock) = (&*ports, &*ports);
            let usage = &Usage::default();
            let consumer = Consumer {
                worker,
                registry: &registry,
                sink,
                shards: &shards,
                clock,
                usage,
                metrics: &metrics,
            };
            let results = consumer.consume_named(broker::name(from), &messages).await;
            if matches!(from, Destination::Events(_)) {
                ports.environment.effects.borrow_mut().count_results(&results);
            }
            metrics.schedule_flush(&FlushPorts {
                shards: shards.clone(),
                clock: Rc::clone(&ports) as _,
                timer: Rc::clone(&ports) as _,
                background: Rc::clone(&ports) as _,
            });
            results
        }
    }
}

fn publisher(ports: &Rc<Ports>) -> Publisher {
    Publisher::new(Rc::clone(ports) as _)
}

fn app(ports: &Rc<Ports>, shards: &Shards) -> Rc<App> {
    Rc::new(App {
        shards: shards.clone(),
        publisher: ApiEventPublisher::new(publisher(ports)),
        sink: Rc::clone(ports) as _,
        clock: Rc::new(ApiClock(Rc::clone(&ports.environment))),
        timer: Rc::clone(ports) as _,
        time_zones: Rc::new(IanaTimeZones),
        entropy: Rc::clone(ports) as _,
        operator_token: Some(OPERATOR.to_owned()),
        link_key: None,
        vault: Rc::new(TestVault::default()),
        rate_limiter: Rc::new(testkit::Unlimited),
        environment: Environment::Public,
        has_public_url: true,
        key_usage: KeyUsage::new(Rc::default(), Rc::new(testkit::DeferredTasks::default())),
        allowed_origins: AllowedOrigins::default(),
        usage: Rc::new(Usage::default()),
    })
}

fn aggregation_registry(ports: &Rc<Ports>, shards: &Shards) -> Rc<Registry> {
    let publisher = AggregationEventPublisher::new(publisher(ports));
    Rc::new(aggregation::handlers::registry(shards.clone(), publisher, Rc::clone(ports) as _))
}

fn ai_registry(ports: &Rc<Ports>, shards: &Shards) -> Rc<Registry> {
    Rc::new(ai::handlers::registry(Analysis {
        shards: shards.clone(),
        publisher: AIEventPublisher::new(publisher(ports)),
        narrator: Rc::new(Template),
        clock: Rc::clone(ports) as _,
    }))
}

fn webhook_registry(ports: &Rc<Ports>, shards: &Shards) -> Rc<Registry> {
    let publisher = WebhookEventPublisher::new(publisher(ports));
    let notifier = Notifier {
        shards: shards.clone(),
        clock: Rc::clone(ports) as _,
        time_zones: Rc::new(IanaTimeZones),
        email_sender: EmailSender {
            mailer: Rc::clone(ports) as _,
            clock: Rc::clone(ports) as _,
            time_zones: Rc::new(IanaTimeZones),
            links: None,
        },
        publisher: publisher.clone(),
        entropy: Rc::clone(ports) as _,
    };
    let dispatcher = Dispatcher {
        shards: shards.clone(),
        http: Rc::clone(ports) as _,
        vault: Rc::new(TestVault::default()),
        publisher,
        background: Rc::clone(ports) as _,
        timer: Rc::clone(ports) as _,
        clock: Rc::clone(ports) as _,
        entropy: Rc::clone(ports) as _,
        environment: Environment::Public,
    };
    Rc::new(webhook::handlers::registry(notifier, dispatcher))
}

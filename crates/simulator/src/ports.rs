//! The ports of the workers. Each is an await before and after which faults and crashes occur.

use crate::bug::Bug;
use crate::environment::Environment;
use crate::fault::{Fault, Part};
use crate::statement::KnownStatement;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::future::LocalBoxFuture;
use platform::database_retry::{only_read, with_retries};
use platform::email::EmailError;
use platform::{
    Background, Clock, Destination, Email, Entropy, HttpClient, HttpError, HttpRequest,
    HttpResponse, Mailer, QueueSink, SendError, Timer,
};
use serde_json::Value;
use shared_kernel::{EventId, Queue};
use std::cell::RefCell;
use std::rc::Rc;
use storage::{Database, DatabaseError, QueryResult, Statement};
use testkit::Sqlite;
use uuid::Builder;

/// All ports of all workers.
pub struct Ports {
    pub environment: Rc<Environment>,
    /// Messages that wait for the commit of a mark, by invocation: see [`Bug::MarkBeforePublish`].
    held: RefCell<Vec<(u64, Destination, String)>>,
}

impl Ports {
    /// Returns the ports of an environment.
    pub fn new(environment: Rc<Environment>) -> Self {
        Self { environment, held: RefCell::default() }
    }

    fn release_held(&self) {
        let invocation = self.environment.invocation.get();
        let is_released = |held: &mut (u64, Destination, String)| held.0 == invocation;
        let released: Vec<_> = self.held.borrow_mut().extract_if(.., is_released).collect();
        for (_, to, body) in released {
            self.environment.enqueue(to, &body, 0);
        }
    }
}

/// One of the databases. A fault of one does not affect the others, and an invocation may crash
/// between two of them.
pub struct FaultyDatabase {
    pub binding: &'static str,
    pub ports: Rc<Ports>,
    pub sqlite: Rc<Sqlite>,
}

#[async_trait(?Send)]
impl Database for FaultyDatabase {
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<QueryResult>, DatabaseError> {
        if only_read(&statements) {
            return self.batch_repeatable(statements).await;
        }
        self.run(statements).await
    }

    async fn batch_repeatable(
        &self,
        statements: Vec<Statement>,
    ) -> Result<Vec<QueryResult>, DatabaseError> {
        let ports = &*self.ports;
        let usage = ports.environment.usage();
        let budget = (&usage.retries, statements.len());
        with_retries((ports, ports), budget, async || self.run(statements.clone()).await).await
    }
}

impl FaultyDatabase {
    async fn run(&self, mut statements: Vec<Statement>) -> Result<Vec<QueryResult>, DatabaseError> {
        let environment = &self.ports.environment;
        for statement in &mut statements {
            environment.effects.borrow_mut().count_statement(statement.sql);
            if let Some(bug) = environment.bug {
                statement.sql = bug.rewrite(statement.sql);
            }
        }
        let committed = statements.clone();
        let sql = statements.last().map_or("", |statement| statement.sql);
        let summary = format!("{}: {}", self.binding, first_words(sql));
        // One that the adapter may retry, and one that it may not.
        let lost = || {
            let is_passing = environment.random_ms(2) == 0;
            let reason = if is_passing { "Network connection lost" } else { "internal error" };
            DatabaseError::Unavailable { reason: reason.to_owned() }
        };
        environment.step().await;
        if environment.fails_as_planned(&committed, self.binding) {
            environment.log(|| format!("!! a job that always fails {summary}"));
            return Err(lost());
        }
        if environment.out_until_ms(Part::Database(self.binding)).is_some() {
            environment.log(|| format!("!! outage {summary}"));
            return Err(lost());
        }
        if environment.injects(Fault::DatabaseBeforeCommit, &summary) {
            return Err(lost());
        }
        let results = self.sqlite.batch(statements).await;
        match &results {
            Ok(results) => {
                let mut effects = environment.effects.borrow_mut();
                let bytes = results.iter().map(|result| result.rows.len()).max();
                effects.largest_result = effects.largest_result.max(bytes.unwrap_or(0));
                for statement in &committed {
                    let sender = (environment.invocation.get(), self.binding);
                    effects.record_commit(statement, sender, environment.clock.now_ms());
                }
                environment.log(|| format!("   committed {summary}"));
                let is_load = |it: &Statement| KnownStatement::LoadSlices.matches(it.sql);
                if environment.bug == Some(Bug::SliceFinishedFirst) && committed.iter().any(is_load)
                {
                    self.sqlite.execute(
                        "UPDATE import_slices SET imported = json_array_length(workouts), \
                         state = 'done', workouts = '[]' WHERE state = 'waiting'",
                    );
                }
            }
            Err(error) => environment.log(|| format!("   failed {summary}: {error}")),
        }
        let is_lost = environment.injects(Fault::DatabaseAfterCommit, &summary);
        environment.step().await;
        let is_mark = |statement: &Statement| KnownStatement::MarkWorkouts.matches(statement.sql);
        if results.is_ok() && committed.iter().any(is_mark) {
            self.ports.release_held();
        }
        if is_lost { Err(lost()) } else { results }
    }
}

fn first_words(sql: &str) -> String {
    sql.split_whitespace().take(6).collect::<Vec<_>>().join(" ")
}

#[async_trait(?Send)]
impl QueueSink for Ports {
    async fn send(
        &self,
        destination: Destination,
        bodies: &[String],
        delay_s: u32,
    ) -> Result<(), SendError> {
        let environment = &self.environment;
        let rejected = || SendError::Rejected {
            destination: format!("{destination:?}"),
            reason: "queue unavailable".to_owned(),
        };
        environment.step().await;
        if environment.out_until_ms(Part::Queue(destination)).is_some() {
            environment.log(|| format!("!! outage {destination:?}"));
            return Err(rejected());
        }
        if environment.injects(Fault::SendRejected, format!("{destination:?}")) {
            return Err(rejected());
        }
        for body in bodies {
            if is_held(environment.bug, destination, body) {
                self.held.borrow_mut().push((
                    environment.invocation.get(),
                    destination,
                    body.clone(),
                ));
            } else if environment.bug == Some(Bug::NonDeterministicId) {
                environment.enqueue(destination, &self.with_random_id(body), delay_s);
            } else if environment.bug == Some(Bug::IdFromState) {
                environment.enqueue(destination, &with_id_from_state(body), delay_s);
            } else {
                environment.enqueue(destination, body, delay_s);
            }
        }
        let is_lost = environment.injects(Fault::SendResponseLost, format!("{destination:?}"));
        environment.step().await;
        if is_lost { Err(rejected()) } else { Ok(()) }
    }
}

/// Returns a message whose id, if it is about records, depends on all of them: another one if fewer stand.
fn with_id_from_state(body: &str) -> String {
    let mut event: Value = serde_json::from_str(body).unwrap();
    if event["data"]["kind"] == "new_record" {
        let records = event["data"]["data"].to_string();
        event["id"] = EventId::derived(&["records", &records]).to_string().into();
    }
    event.to_string()
}

/// Returns whether the planted bug delays the message: those of aggregation for ai.
fn is_held(bug: Option<Bug>, destination: Destination, body: &str) -> bool {
    bug == Some(Bug::MarkBeforePublish)
        && destination == Destination::Events(Queue::AiAnalysis)
        && body.contains("\"/bulktrack/aggregation\"")
}

impl Ports {
    fn with_random_id(&self, body: &str) -> String {
        let mut event: Value = serde_json::from_str(body).unwrap();
        let event_type = event["type"].as_str().unwrap_or_default();
        let is_notification = ["NotificationRequested", "TrainingPatternDetected"]
            .iter()
            .any(|name| event_type.contains(name));
        if !is_notification {
            return body.to_owned();
        }
        let mut random = [0; 16];
        self.fill(&mut random);
        event["id"] = Builder::from_random_bytes(random).into_uuid().to_string().into();
        event.to_string()
    }
}

#[async_trait(?Send)]
impl Mailer for Ports {
    async fn send(&self, email: &Email) -> Result<(), EmailError> {
        let environment = &self.environment;
        let unavailable = || EmailError::from_service("", "email service unavailable", &email.to);
        let invocation = environment.invocation.get();
        environment.step().await;
        if environment.injects(Fault::EmailRejected, &email.subject) {
            return Err(unavailable());
        }
        let is_slow = environment.injects(Fault::SlowEmail, &email.subject);
        environment
            .clock
            .sleep_ms(environment.random_ms(if is_slow { 90_000 } else { 2_000 }))
            .await;
        environment.log(|| format!("   email to {}: {}", email.to, email.subject));
        environment.effects.borrow_mut().record_email(email, invocation);
        let is_lost = environment.injects(Fault::EmailResponseLost, &email.subject);
        if is_lost {
            environment.effects.borrow_mut().report_last_email_as_failed();
        }
        environment.step().await;
        if is_lost { Err(unavailable()) } else { Ok(()) }
    }
}

#[async_trait(?Send)]
impl HttpClient for Ports {
    async fn post(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let environment = &self.environment;
        environment.step().await;
        if environment.injects(Fault::WebhookFailed, &request.url) {
            return match environment.random_ms(4) {
                0 => testkit::http_response(500),
                1 => testkit::http_response(429),
                2 => Err(HttpError::Unreachable { reason: "connection refused".to_owned() }),
                _ => {
                    environment.clock.sleep_ms(i64::from(request.timeout_ms)).await;
                    Err(HttpError::TimedOut)
                }
            };
        }
        let is_lost = environment.injects(Fault::WebhookResponseLost, &request.url);
        environment.clock.sleep_ms(environment.random_ms(1_000)).await;
        environment.log(|| format!("   received {} {:?}", request.url, request.headers.first()));
        environment.effects.borrow_mut().record_webhook(&request);
        if is_lost {
            environment.clock.sleep_ms(i64::from(request.timeout_ms) - 1_000).await;
            return Err(HttpError::TimedOut);
        }
        environment.step().await;
        testkit::http_response(200)
    }
}

impl Background for Ports {
    fn spawn(&self, task: LocalBoxFuture<'static, ()>) {
        self.environment.spawned.borrow_mut().push(task);
    }
}

/// The clock of the api, which differs from that of the consumers.
pub struct ApiClock(pub Rc<Environment>);

impl Clock for ApiClock {
    fn now(&self) -> DateTime<Utc> {
        let clock = &self.0.clock;
        DateTime::from_timestamp_millis(clock.wall_ms() + clock.api_skew_ms()).unwrap()
    }
}

impl Clock for Ports {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.environment.clock.wall_ms()).unwrap()
    }
}

#[async_trait(?Send)]
impl Timer for Ports {
    async fn sleep_ms(&self, milliseconds: u32) {
        self.environment.clock.sleep_ms(i64::from(milliseconds)).await;
    }
}

impl Entropy for Ports {
    fn fill(&self, buffer: &mut [u8]) {
        let mut rng = self.environment.rng.borrow_mut();
        for chunk in buffer.chunks_mut(8) {
            chunk.copy_from_slice(&rng.next().to_be_bytes()[..chunk.len()]);
        }
    }
}

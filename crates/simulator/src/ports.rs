//! The ports of the workers, each an await at which the world may strike, before and after.

use crate::bug::Bug;
use crate::effects::Committed;
use crate::fault::Fault;
use crate::world::World;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::future::LocalBoxFuture;
use platform::email::EmailError;
use platform::{
    Background, Clock, Destination, Email, Entropy, HttpClient, HttpError, HttpRequest,
    HttpResponse, Mailer, QueueSink, SendError, Timer,
};
use serde_json::Value;
use shared_kernel::Queue;
use std::cell::RefCell;
use std::rc::Rc;
use storage::{Database, DatabaseError, QueryResult, Statement};
use testkit::Sqlite;
use uuid::Builder;

/// All ports of all workers.
pub struct Ports {
    /// The world that they are in.
    pub world: Rc<World>,
    /// The database.
    pub sqlite: Rc<Sqlite>,
    /// Sends that wait for a mark, by invocation: see [`Bug::MarkBeforePublish`].
    held: RefCell<Vec<(u64, Destination, String)>>,
}

impl Ports {
    /// Ports over a database.
    pub fn new(world: Rc<World>, sqlite: Rc<Sqlite>) -> Self {
        Self { world, sqlite, held: RefCell::default() }
    }

    fn release_held(&self) {
        let invocation = self.world.invocation.get();
        let (released, held) = self.held.take().into_iter().partition(|(of, ..)| *of == invocation);
        *self.held.borrow_mut() = held;
        let released: Vec<(u64, Destination, String)> = released;
        for (_, to, body) in released {
            self.world.enqueue(to, &body, 0);
        }
    }
}

#[async_trait(?Send)]
impl Database for Ports {
    async fn batch(
        &self,
        mut statements: Vec<Statement>,
    ) -> Result<Vec<QueryResult>, DatabaseError> {
        let world = &self.world;
        for statement in &statements {
            world.effects.borrow_mut().met(statement.sql);
        }
        if let Some(bug) = world.bug {
            for statement in &mut statements {
                statement.sql = bug.rewrite(statement.sql);
            }
        }
        let committed: Vec<_> = statements.iter().map(Committed::of).collect();
        let in_short = begin(statements.last().map_or("", |statement| statement.sql));
        let lost = || DatabaseError::Unavailable { reason: "Network connection lost".to_owned() };
        world.pause().await;
        if world.strikes(Fault::DatabaseBefore, &in_short) {
            return Err(lost());
        }
        let results = self.sqlite.batch(statements).await;
        match &results {
            Ok(_) => {
                let (mut effects, invocation) =
                    (world.effects.borrow_mut(), world.invocation.get());
                for statement in &committed {
                    effects.committed(statement, invocation, world.now_ms());
                }
                world.note(|| format!("   committed {in_short}"));
            }
            Err(error) => world.note(|| format!("   refused {in_short}: {error}")),
        }
        let is_lost = world.strikes(Fault::DatabaseAfter, &in_short);
        world.pause().await;
        if results.is_ok() && committed.iter().any(|of| matches!(of, Committed::Mark)) {
            self.release_held();
        }
        if is_lost { Err(lost()) } else { results }
    }
}

fn begin(sql: &str) -> String {
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
        let world = &self.world;
        let refused = || SendError::Refused {
            destination: format!("{destination:?}"),
            reason: "queue away".to_owned(),
        };
        world.pause().await;
        if world.strikes(Fault::SendBefore, format!("{destination:?}")) {
            return Err(refused());
        }
        for body in bodies {
            if is_held(world.bug, destination, body) {
                self.held.borrow_mut().push((world.invocation.get(), destination, body.clone()));
            } else if world.bug == Some(Bug::NonDeterministicId) {
                world.enqueue(destination, &self.with_another_id(body), delay_s);
            } else {
                world.enqueue(destination, body, delay_s);
            }
        }
        let is_lost = world.strikes(Fault::SendAfter, format!("{destination:?}"));
        world.pause().await;
        if is_lost { Err(refused()) } else { Ok(()) }
    }
}

/// What aggregation tells ai.
fn is_held(bug: Option<Bug>, destination: Destination, body: &str) -> bool {
    bug == Some(Bug::MarkBeforePublish)
        && destination == Destination::Events(Queue::AiAnalysis)
        && body.contains("\"/bulktrack/aggregation\"")
}

impl Ports {
    fn with_another_id(&self, body: &str) -> String {
        let mut event: Value = serde_json::from_str(body).unwrap();
        let is_news = ["NotificationRequested", "TrainingPatternDetected"]
            .iter()
            .any(|name| event["type"].as_str().is_some_and(|of| of.contains(name)));
        if !is_news {
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
    async fn send(&self, mail: &Email) -> Result<(), EmailError> {
        let world = &self.world;
        let away = || EmailError { reason: "mail service unavailable".to_owned() };
        let invocation = world.invocation.get();
        world.pause().await;
        if world.strikes(Fault::Mail, &mail.subject) {
            return Err(away());
        }
        let is_slow = world.strikes(Fault::MailSlow, &mail.subject);
        world.sleep_ms(world.roll_ms(if is_slow { 90_000 } else { 2_000 })).await;
        world.note(|| format!("   mailed {}: {}", mail.to, mail.subject));
        world.effects.borrow_mut().mail(mail, invocation);
        let is_lost = world.strikes(Fault::MailAfter, &mail.subject);
        if is_lost {
            world.effects.borrow_mut().last_mail_was_denied();
        }
        world.pause().await;
        if is_lost { Err(away()) } else { Ok(()) }
    }
}

#[async_trait(?Send)]
impl HttpClient for Ports {
    async fn post(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let world = &self.world;
        world.pause().await;
        if world.strikes(Fault::Http, &request.url) {
            return match world.roll_ms(4) {
                0 => testkit::http_response(500),
                1 => testkit::http_response(429),
                2 => Err(HttpError::Unreachable { reason: "connection refused".to_owned() }),
                _ => {
                    world.sleep_ms(i64::from(request.timeout_ms)).await;
                    Err(HttpError::TimedOut)
                }
            };
        }
        let is_lost = world.strikes(Fault::HttpAfter, &request.url);
        world.sleep_ms(world.roll_ms(1_000)).await;
        world.note(|| format!("   received {} {:?}", request.url, request.headers.first()));
        world.effects.borrow_mut().post(&request);
        if is_lost {
            world.sleep_ms(i64::from(request.timeout_ms) - 1_000).await;
            return Err(HttpError::TimedOut);
        }
        world.pause().await;
        testkit::http_response(200)
    }
}

impl Background for Ports {
    fn spawn(&self, work: LocalBoxFuture<'static, ()>) {
        self.world.spawned.borrow_mut().push(work);
    }
}

impl Clock for Ports {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.world.shown_ms()).unwrap()
    }
}

#[async_trait(?Send)]
impl Timer for Ports {
    async fn sleep_ms(&self, milliseconds: u32) {
        self.world.sleep_ms(i64::from(milliseconds)).await;
    }
}

impl Entropy for Ports {
    fn fill(&self, buffer: &mut [u8]) {
        let mut dice = self.world.dice.borrow_mut();
        for chunk in buffer.chunks_mut(8) {
            chunk.copy_from_slice(&dice.next().to_be_bytes()[..chunk.len()]);
        }
    }
}

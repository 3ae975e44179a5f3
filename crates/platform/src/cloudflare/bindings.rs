//! What every worker has bound: the database and the queues it sends to.

use super::queue::{QueueBindings, consume_batch, retry_batch};
use super::{D1, System, log_to_console};
use crate::consumer::Consumer;
use crate::handler::Registry;
use crate::publisher::Publisher;
use crate::sink::QueueSink;
use crate::usage::Usage;
use std::rc::Rc;
use storage::Shards;
use worker::Env;
use worker::worker_sys::MessageBatch;

/// The bindings of one invocation, and what it cost so far.
pub struct Bindings {
    /// The database.
    pub shards: Shards,
    /// The queues.
    pub sink: Rc<dyn QueueSink>,
    /// What it cost.
    pub usage: Rc<Usage>,
}

impl Bindings {
    /// Fails when the database is not bound: a deployment's mistake.
    pub fn of(env: &Env) -> worker::Result<Self> {
        log_to_console();
        let usage = Rc::new(Usage::default());
        let database = D1::new(env.d1("DB")?, Rc::clone(&usage));
        let sink = Rc::new(QueueBindings::new(env.clone(), Rc::clone(&usage)));
        Ok(Self { shards: Shards::single(Rc::new(database)), sink, usage })
    }

    /// A publisher over the queues.
    pub fn publisher(&self) -> Publisher {
        Publisher::new(Rc::clone(&self.sink))
    }
}

/// Consumes a batch with the handlers that `registry` makes of the bindings. Never fails: where a
/// binding is missing the batch is given back, to be tried when the deployment is mended.
pub async fn serve_batch(
    worker: &'static str,
    batch: &MessageBatch,
    env: &Env,
    registry: impl FnOnce(&Bindings) -> worker::Result<Registry>,
) {
    let wired = Bindings::of(env).and_then(|bindings| Ok((registry(&bindings)?, bindings)));
    match wired {
        Ok((registry, bindings)) => {
            let consumer = Consumer {
                worker,
                registry: &registry,
                sink: &*bindings.sink,
                shards: &bindings.shards,
                clock: &System,
                usage: &bindings.usage,
            };
            consume_batch(batch, &consumer).await;
        }
        Err(error) => {
            tracing::error!(worker, %error, "a binding is missing");
            retry_batch(batch);
        }
    }
}

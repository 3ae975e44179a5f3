//! Bindings → ports.

use crate::handlers::registry;
use crate::publisher::AIEventPublisher;
use platform::cloudflare::{D1, QueueBindings, System, log_to_console};
use platform::consumer::Consumer;
use platform::{Publisher, Registry, Usage};
use std::rc::Rc;
use storage::Shards;
use worker::Env;

/// What one invocation works with.
pub struct Wiring {
    registry: Registry,
    sink: Rc<QueueBindings>,
    shards: Shards,
    usage: Rc<Usage>,
}

impl Wiring {
    /// `None`, and a line in the log: the database binding is missing, and every message will be
    /// retried by the platform until the deployment is mended.
    pub fn of(env: &Env) -> Option<Self> {
        log_to_console();
        let usage = Rc::new(Usage::default());
        let database =
            env.d1("DB").inspect_err(|error| tracing::error!(%error, "binding DB")).ok()?;
        let shards = Shards::single(Rc::new(D1::new(database, Rc::clone(&usage))));
        let sink = Rc::new(QueueBindings::new(env.clone(), Rc::clone(&usage)));
        let publisher = AIEventPublisher::new(Publisher::new(Rc::clone(&sink) as _));
        let registry = registry(shards.clone(), publisher, Rc::new(System));
        Some(Self { registry, sink, shards, usage })
    }

    /// The consumer loop over it.
    pub fn consumer(&self) -> Consumer<'_> {
        Consumer {
            worker: "ai",
            registry: &self.registry,
            sink: &*self.sink,
            shards: &self.shards,
            clock: &System,
            usage: &self.usage,
        }
    }
}

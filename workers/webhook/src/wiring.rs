//! Bindings → ports.

use crate::handlers::registry;
use platform::cloudflare::{D1, QueueBindings, SendEmailBinding, System, log_to_console};
use platform::consumer::Consumer;
use platform::{Registry, Usage};
use std::rc::Rc;
use storage::Shards;
use worker::{Env, SendEmail};

/// What one invocation works with.
pub struct Wiring {
    registry: Registry,
    sink: QueueBindings,
    shards: Shards,
    usage: Rc<Usage>,
}

impl Wiring {
    /// `None`, and a line in the log: a binding is missing, and every message will be retried by
    /// the platform until the deployment is mended.
    pub fn of(env: &Env) -> Option<Self> {
        log_to_console();
        let bindings = || -> worker::Result<_> {
            let mailer = env.get_binding::<SendEmail>("EMAIL")?;
            Ok((env.d1("DB")?, mailer, env.var("MAIL_FROM")?.to_string()))
        };
        let (database, mailer, from) =
            bindings().inspect_err(|error| tracing::error!(%error, "bindings")).ok()?;
        let usage = Rc::new(Usage::default());
        let shards = Shards::single(Rc::new(D1::new(database, Rc::clone(&usage))));
        let mailer = Rc::new(SendEmailBinding::new(mailer, from));
        let registry = registry(shards.clone(), mailer, Rc::new(System));
        let sink = QueueBindings::new(env.clone(), Rc::clone(&usage));
        Some(Self { registry, sink, shards, usage })
    }

    /// The consumer loop over it.
    pub fn consumer(&self) -> Consumer<'_> {
        Consumer {
            worker: "webhook",
            registry: &self.registry,
            sink: &self.sink,
            shards: &self.shards,
            clock: &System,
            usage: &self.usage,
        }
    }
}

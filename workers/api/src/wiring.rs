//! Bindings → ports.

use crate::app::App;
use crate::publisher::ApiEventPublisher;
use platform::cloudflare::{D1, QueueBindings, System, log_to_console};
use platform::{Publisher, Usage};
use std::rc::Rc;
use storage::Shards;
use worker::Env;

/// What one invocation works with.
pub struct Wiring {
    /// The application over its ports.
    pub app: App,
}

impl Wiring {
    /// Fails when a binding is missing: a deployment's mistake, answered by the platform with 500.
    pub fn of(env: &Env) -> worker::Result<Self> {
        log_to_console();
        let usage = Rc::new(Usage::default());
        let sink = Rc::new(QueueBindings::new(env.clone(), Rc::clone(&usage)));
        // Without a token nobody is an operator; athletes are served all the same.
        let operator_token = env.secret("OPERATOR_TOKEN").map(|token| token.to_string()).ok();
        let database = D1::new(env.d1("DB")?, Rc::clone(&usage));
        let app = App {
            shards: Shards::single(Rc::new(database)),
            publisher: ApiEventPublisher::new(Publisher::new(Rc::clone(&sink) as _)),
            sink,
            clock: Rc::new(System),
            entropy: Rc::new(System),
            operator_token,
            usage,
        };
        Ok(Self { app })
    }
}

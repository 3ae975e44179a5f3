//! Bindings → ports.

use crate::analysis::Analysis;
use crate::handlers;
use crate::narrator::{Breaker, ModelNarrator, Narrator, Template};
use crate::publisher::AIEventPublisher;
use platform::Registry;
use platform::cloudflare::{Bindings, System, WorkersAi};
use std::rc::Rc;
use worker::Env;

thread_local! {
    /// Shared by all batches of the isolate, for which an unavailable model is unavailable.
    static BREAKER: Rc<Breaker> = Rc::default();
}

/// Creates the handlers over the bindings.
pub fn registry(bindings: &Bindings, env: &Env) -> Registry {
    handlers::registry(Analysis {
        shards: bindings.shards.clone(),
        publisher: AIEventPublisher::new(bindings.publisher()),
        narrator: narrator(env),
        clock: Rc::new(System),
    })
}

/// Creates the narrator of one batch: a model if one is bound and named, otherwise the template.
fn narrator(env: &Env) -> Rc<dyn Narrator> {
    match WorkersAi::from_env(env) {
        Some(model) => {
            let breaker = BREAKER.with(Rc::clone);
            Rc::new(ModelNarrator::new(Rc::new(model), Rc::new(System), breaker))
        }
        None => Rc::new(Template),
    }
}

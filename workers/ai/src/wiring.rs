//! Bindings → ports.

use crate::handlers;
use crate::narrator::{Breaker, ModelNarrator, Narrator, Template};
use crate::publisher::AIEventPublisher;
use platform::Registry;
use platform::cloudflare::{Bindings, System, WorkersAi};
use std::rc::Rc;
use worker::Env;

thread_local! {
    /// The isolate's: a model that is down is down for all of its batches.
    static BREAKER: Rc<Breaker> = Rc::default();
}

/// The handlers over the bindings.
pub fn registry(bindings: &Bindings) -> Registry {
    let publisher = AIEventPublisher::new(bindings.publisher());
    handlers::registry(bindings.shards.clone(), publisher, Rc::new(System))
}

/// The narrator of this deployment, for one batch: a model where one is bound and named, else the
/// template.
#[expect(dead_code, reason = "the analysis does not take a narrator yet")]
pub fn narrator(env: &Env) -> Rc<dyn Narrator> {
    match WorkersAi::of(env) {
        Some(model) => {
            let breaker = BREAKER.with(Rc::clone);
            Rc::new(ModelNarrator::new(Rc::new(model), Rc::new(System), breaker))
        }
        None => Rc::new(Template),
    }
}

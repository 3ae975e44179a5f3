//! Creates the handlers of this worker from its bindings.

use crate::handlers;
use crate::publisher::AggregationEventPublisher;
use platform::Registry;
use platform::cloudflare::{Bindings, System};
use std::rc::Rc;

/// Registers the handlers, with the database, the queues and the clock of the invocation.
pub fn registry(bindings: &Bindings) -> Registry {
    let publisher = AggregationEventPublisher::new(bindings.publisher());
    handlers::registry(bindings.shards.clone(), publisher, Rc::new(System))
}

//! Bindings → ports.

use crate::handlers;
use crate::publisher::AggregationEventPublisher;
use platform::Registry;
use platform::cloudflare::{Bindings, System};
use std::rc::Rc;

/// The handlers over the bindings.
pub fn registry(bindings: &Bindings) -> Registry {
    let publisher = AggregationEventPublisher::new(bindings.publisher());
    handlers::registry(bindings.shards.clone(), publisher, Rc::new(System))
}

//! aggregation: consumes training events, keeps daily and weekly volume, checks volume landmarks.
//!
//! In scope: the volume ledger and the events that follow from its changes. Out of scope: what the
//! volume means for the athlete; see the ai worker.
//!
//! Terms, from `docs/reference/glossary.md`:
//! - volume: the sets and the tonnage of a workout, a day or a week, in total and by muscle. A hard set,
//!   one close to failure, is one set for a primary muscle and half a set for a secondary one: sums are
//!   in half sets;
//! - ledger: the table with one row of volume for each workout. Days and weeks are sums of its rows;
//! - landmark: a number of weekly hard sets for a muscle. Here: MEV, the minimum effective volume, and
//!   MRV, the maximum recoverable volume. A week crosses MEV when it reaches it, MRV when it exceeds it;
//! - performance: the best set, the tonnage and the number of sets of one exercise in a workout. The ai
//!   worker finds patterns in performances;
//! - mark: a stored note that an event was published. A mark is never removed;
//! - (await): a step with I/O. The worker may stop before or after it.

pub mod decision;
pub mod handlers;
pub mod ledger_entry;
pub mod publisher;
pub mod records;
pub mod thresholds;
mod wiring;

use platform::cloudflare::{Bindings, JsContext, MessageBatch, serve_batch};
use wasm_bindgen::prelude::*;
use worker::Env;

/// The entry point for batches of the queue volume-aggregation and of its dead-letter queue. Never fails.
#[wasm_bindgen]
pub async fn queue(batch: MessageBatch, env: Env, context: JsContext) -> JsValue {
    let registry = |_: &_, bindings: &Bindings, _: &_| Ok(wiring::registry(bindings));
    serve_batch("aggregation", batch, env, context, registry).await;
    JsValue::UNDEFINED
}

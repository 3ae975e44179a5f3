//! aggregation: consumes training events, keeps daily and weekly volume, checks thresholds.
//!
//! In scope: the volume ledger and the events that follow from its changes. Out of scope: what the
//! volume means for the athlete; see the ai worker.

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

/// The queue export: volume-aggregation and its dead letters. Never fails.
#[wasm_bindgen]
pub async fn queue(batch: MessageBatch, env: Env, context: JsContext) -> JsValue {
    let registry = |_: &_, bindings: &Bindings, _: &_| Ok(wiring::registry(bindings));
    serve_batch("aggregation", batch, env, context, registry).await;
    JsValue::UNDEFINED
}

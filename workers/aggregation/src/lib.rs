//! aggregation: consumes training events, keeps daily and weekly volume, checks thresholds.
//!
//! In scope: the ledger of volume and what follows from a change of it. Out of scope: what the
//! volume means for the athlete; that is ai's.

pub mod handlers;
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

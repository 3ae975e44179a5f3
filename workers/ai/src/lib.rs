//! ai: consumes thresholds and aggregates, finds training patterns, recommends.
//!
//! In scope: the rules, each a pure function of the history, and the words for what they find.
//! Out of scope: who is told how; that is webhook's.

pub mod adjustment;
pub mod analysis;
pub mod handlers;
pub mod history;
pub mod narrator;
pub mod publisher;
pub mod rules;
mod wiring;

use platform::cloudflare::{JsContext, MessageBatch, serve_batch};
use wasm_bindgen::prelude::*;
use worker::Env;

/// The queue export: ai-analysis and its dead letters. Never fails.
#[wasm_bindgen]
pub async fn queue(batch: MessageBatch, env: Env, _: JsContext) -> JsValue {
    serve_batch("ai", &batch, &env, |bindings| Ok(wiring::registry(bindings))).await;
    JsValue::UNDEFINED
}

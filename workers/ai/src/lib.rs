//! ai: consumes thresholds and aggregates, finds training patterns, recommends.
//!
//! In scope: the rules, each a pure function of the history; the lifecycle of the patterns that they
//! find; recommendations; texts, and the weekly report.
//! Out of scope: the channels of notifications; those are webhook's.

pub mod analysis;
pub mod handlers;
pub mod history;
pub mod lifecycle;
pub mod narrator;
pub mod publisher;
pub mod recommend;
pub mod report;
pub mod rules;
mod wiring;

use platform::cloudflare::{Bindings, JsContext, MessageBatch, serve_batch};
use wasm_bindgen::prelude::*;
use worker::Env;

/// Handles a batch of the queue ai-analysis or of its dead-letter queue. Never fails.
#[wasm_bindgen]
pub async fn queue(batch: MessageBatch, env: Env, context: JsContext) -> JsValue {
    let registry = |env: &_, bindings: &Bindings, _: &_| Ok(wiring::registry(bindings, env));
    serve_batch("ai", batch, env, context, registry).await;
    JsValue::UNDEFINED
}

//! webhook: delivers patterns and requested notifications to the in-app inbox, by email and to
//! webhook endpoints.
//!
//! In scope: delivery, exactly once where the channel allows it. Out of scope: the decision to notify,
//! which is ai's.

pub mod attempt;
pub mod dispatch;
pub mod email;
pub mod email_sender;
pub mod endpoint;
pub mod fan_out;
pub mod handlers;
pub mod leased_endpoint;
pub mod local_time;
pub mod notification;
pub mod notifier;
pub mod publisher;
mod wiring;

use platform::Background;
use platform::cloudflare::{Bindings, JsContext, MessageBatch, serve_batch};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use worker::Env;

/// Consumes a batch of the queue webhook-notification or of its dead letters. Never fails.
#[wasm_bindgen]
pub async fn queue(batch: MessageBatch, env: Env, context: JsContext) -> JsValue {
    let registry = |env: &_, bindings: &Bindings, background: &Rc<dyn Background>| {
        wiring::registry(bindings, env, Rc::clone(background))
    };
    serve_batch("webhook", batch, env, context, registry).await;
    JsValue::UNDEFINED
}

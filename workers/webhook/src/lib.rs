//! webhook: consumes patterns and notification requests; fills the in-app inbox, sends mail and
//! outgoing webhooks.
//!
//! In scope: telling people, each thing once as far as the world allows. Out of scope: what is
//! worth telling; that is ai's.

pub mod attempt;
pub mod deliver;
pub mod dispatch;
pub mod fan_out;
pub mod handlers;
pub mod letter;
pub mod local_time;
pub mod post;
pub mod publisher;
mod wiring;

use platform::Background;
use platform::cloudflare::{Bindings, JsContext, MessageBatch, serve_batch};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use worker::Env;

/// The queue export: webhook-notification and its dead letters. Never fails.
#[wasm_bindgen]
pub async fn queue(batch: MessageBatch, env: Env, context: JsContext) -> JsValue {
    let registry = |env: &_, bindings: &Bindings, background: &Rc<dyn Background>| {
        wiring::registry(bindings, env, Rc::clone(background))
    };
    serve_batch("webhook", batch, env, context, registry).await;
    JsValue::UNDEFINED
}

//! `ctx.waitUntil` behind the `Background` port.

use crate::background::Background;
use crate::panics::catch_panic;
use futures_util::future::{FutureExt, LocalBoxFuture};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;
use worker::worker_sys::Context;

/// The context of an invocation. With the compatibility flag `queue_consumer_no_wait_for_wait_until`
/// a queue consumer ends when it has settled its batch, and this work continues.
pub struct WaitUntil {
    context: Context,
}

impl WaitUntil {
    /// Wraps the context of an invocation.
    pub fn new(context: Context) -> Self {
        Self { context }
    }
}

impl Background for WaitUntil {
    fn spawn(&self, work: LocalBoxFuture<'static, ()>) {
        let promise = future_to_promise(catch_panic(work).map(|done| {
            if let Err(error) = done {
                tracing::error!(%error, "background work panicked");
            }
            Ok(JsValue::UNDEFINED)
        }));
        if self.context.wait_until(&promise).is_err() {
            tracing::error!("waitUntil call failed");
        }
    }
}

//! api: receives workouts over HTTP, stores them and publishes events.
//!
//! In scope: the public contract, its limits and errors; the outbox and its sweep. Out of scope:
//! volume, records, patterns and notifications, which the consumers compute.

pub mod admission;
pub mod app;
pub mod auth;
pub mod call;
pub mod cors;
pub mod cursor;
pub mod date_range;
pub mod dispatch;
pub mod endpoints;
pub mod error;
pub mod extract;
pub mod idempotency;
pub mod import;
pub mod key_usage;
#[cfg(not(target_arch = "wasm32"))]
pub mod openapi;
pub mod preconditions;
pub mod publisher;
pub mod rate_limits;
pub mod redrive;
pub mod reply;
pub mod route;
pub mod routes;
pub mod security_headers;
pub mod sweep;
mod wiring;
pub mod workout;

#[cfg(test)]
mod tests;

use crate::dispatch::router;
use crate::route::BODY_BYTES_MAX;
use platform::catch_panic;
use platform::cloudflare::{JsContext, Reading, read_request, write_response};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use worker::Env;

/// The longest body of a path, in bytes.
pub fn body_bytes_max(path: &str) -> usize {
    reading(path).bytes_max
}

/// The parts of a request to read for a path.
fn reading(path: &str) -> Reading {
    router().find(path).map_or(
        Reading { bytes_max: BODY_BYTES_MAX, has_time_zone: false },
        |(routes, _)| Reading {
            bytes_max: routes.body_bytes_max(),
            has_time_zone: routes.has_time_zone(),
        },
    )
}

/// The fetch export: one HTTP request.
#[wasm_bindgen]
pub async fn fetch(
    request: worker::web_sys::Request,
    env: Env,
    context: JsContext,
) -> Result<worker::web_sys::Response, JsValue> {
    let response = catch_panic(async move {
        let request = read_request(request, reading).await?;
        let response = Rc::new(wiring::app(&env, context)?).handle(request).await;
        write_response(response)
    });
    response.await.map_err(|panic| panic.to_string())?
}

/// The scheduled export: every minute, the sweep of the outbox.
#[wasm_bindgen]
pub async fn scheduled(_: JsValue, env: Env, context: JsContext) -> Result<(), JsValue> {
    let result = catch_panic(async move {
        wiring::app(&env, context)?.sweep().await;
        Ok::<_, worker::Error>(())
    });
    Ok(result.await.map_err(|panic| panic.to_string())??)
}

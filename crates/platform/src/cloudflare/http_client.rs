//! The runtime's `fetch` behind the `HttpClient` port.

use crate::http_client::{HttpClient, HttpError, HttpRequest, HttpResponse};
use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use std::pin::pin;
use std::time::Duration;
use wasm_bindgen::JsValue;
use worker::{
    AbortController, AbortSignal, Delay, Fetch, Headers, Method, RequestInit, RequestRedirect,
    Response,
};

/// The global `fetch`. With the compatibility flag `global_fetch_strictly_public` it cannot bypass
/// the public entry of a worker in this zone.
#[derive(Clone, Copy, Debug, Default)]
pub struct GlobalFetch;

#[async_trait(?Send)]
impl HttpClient for GlobalFetch {
    /// Always closes the connection: an endless response costs no more than was read of it.
    async fn post(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let controller = AbortController::default();
        let signal = controller.signal();
        let response = exchange(&request, &signal).await;
        controller.abort();
        response
    }
}

async fn exchange(request: &HttpRequest, signal: &AbortSignal) -> Result<HttpResponse, HttpError> {
    let mut response = timeout(request.timeout_ms, send(request, signal))
        .await
        .ok_or(HttpError::TimedOut)?
        .map_err(|error| HttpError::Unreachable { reason: error.to_string() })?;
    let mut body = Vec::new();
    let read = read_body(&mut response, request.body_bytes_max, &mut body);
    let body_error = match timeout(request.body_timeout_ms, read).await {
        None => Some("the response did not end in time".to_owned()),
        Some(Err(error)) => Some(error.to_string()),
        Some(Ok(())) => None,
    };
    Ok(HttpResponse {
        status: response.status_code(),
        // A header that is not text is ignored.
        retry_after: response.headers().get("retry-after").ok().flatten(),
        body: String::from_utf8_lossy(&body).into_owned(),
        body_error,
    })
}

/// Returns the future's output, or `None` when it takes longer.
async fn timeout<T>(milliseconds: u32, future: impl Future<Output = T>) -> Option<T> {
    let delay = Delay::from(Duration::from_millis(u64::from(milliseconds)));
    match select(pin!(future), pin!(delay)).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(((), _)) => None,
    }
}

async fn read_body(
    response: &mut Response,
    bytes_max: usize,
    body: &mut Vec<u8>,
) -> worker::Result<()> {
    // A status like 204 has no body.
    let Ok(mut stream) = response.stream() else { return Ok(()) };
    while body.len() < bytes_max
        && let Some(chunk) = stream.next().await
    {
        let room = bytes_max - body.len();
        body.extend(chunk?.into_iter().take(room));
    }
    Ok(())
}

async fn send(request: &HttpRequest, signal: &AbortSignal) -> worker::Result<Response> {
    let headers = Headers::new();
    for (name, value) in &request.headers {
        headers.set(name, value)?;
    }
    let mut init = RequestInit::new();
    init.with_method(Method::Post)
        .with_headers(headers)
        .with_redirect(RequestRedirect::Manual)
        .with_body(Some(JsValue::from_str(&request.body)));
    let request = worker::Request::new_with_init(&request.url, &init)?;
    Fetch::Request(request).send_with_signal(signal).await
}

//! The runtime's `fetch` behind the `HttpClient` port.

use crate::outgoing::{HttpClient, Post, PostAnswer};
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

/// The global `fetch`. With the compatibility flag `global_fetch_strictly_public` it reaches no
/// worker of this zone past its front door.
#[derive(Clone, Copy, Debug, Default)]
pub struct GlobalFetch;

#[async_trait(?Send)]
impl HttpClient for GlobalFetch {
    /// Whatever comes of it, the connection is closed at the end: an answer without end costs what
    /// was read of it.
    async fn post(&self, post: Post) -> PostAnswer {
        let controller = AbortController::default();
        let signal = controller.signal();
        let answer = exchange(&post, &signal).await;
        controller.abort();
        answer
    }
}

async fn exchange(post: &Post, signal: &AbortSignal) -> PostAnswer {
    let mut response = match within(post.within_ms, send(post, signal)).await {
        None => return PostAnswer::TimedOut,
        Some(Err(error)) => return PostAnswer::Unreachable { reason: error.to_string() },
        Some(Ok(response)) => response,
    };
    let mut body = Vec::new();
    let read = read(&mut response, post.answer_bytes_max, &mut body);
    let broken = match within(post.answer_within_ms, read).await {
        None => Some("the answer did not end in time".to_owned()),
        Some(Err(error)) => Some(error.to_string()),
        Some(Ok(())) => None,
    };
    PostAnswer::Status {
        status: response.status_code(),
        // A value that cannot be read asks for nothing.
        retry_after: response.headers().get("retry-after").ok().flatten(),
        body: String::from_utf8_lossy(&body).into_owned(),
        broken,
    }
}

/// What a future comes to, if it does in time.
async fn within<T>(milliseconds: u32, future: impl Future<Output = T>) -> Option<T> {
    let too_late = Delay::from(Duration::from_millis(u64::from(milliseconds)));
    match select(pin!(future), pin!(too_late)).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(((), _)) => None,
    }
}

async fn read(response: &mut Response, bytes_max: usize, body: &mut Vec<u8>) -> worker::Result<()> {
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

async fn send(post: &Post, signal: &AbortSignal) -> worker::Result<Response> {
    let headers = Headers::new();
    for (name, value) in &post.headers {
        headers.set(name, value)?;
    }
    let mut init = RequestInit::new();
    init.with_method(Method::Post)
        .with_headers(headers)
        .with_redirect(RequestRedirect::Manual)
        .with_body(Some(JsValue::from_str(&post.body)));
    let request = worker::Request::new_with_init(&post.url, &init)?;
    Fetch::Request(request).send_with_signal(signal).await
}

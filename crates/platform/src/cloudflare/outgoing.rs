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
        let mut read = Read::default();
        let end = {
            let exchange = pin!(exchange(&post, controller.signal(), &mut read));
            let too_late = Delay::from(Duration::from_millis(u64::from(post.within_ms)));
            match select(exchange, pin!(too_late)).await {
                Either::Left((Ok(()), _)) => End::InTime,
                Either::Left((Err(error), _)) => End::Broken(error.to_string()),
                Either::Right(((), _)) => End::TooLate,
            }
        };
        controller.abort();
        read.answer(end)
    }
}

/// What there is of an answer so far.
#[derive(Default)]
struct Read {
    head: Option<(u16, Option<String>)>,
    body: Vec<u8>,
}

/// How an exchange ended.
enum End {
    InTime,
    TooLate,
    Broken(String),
}

async fn exchange(post: &Post, signal: AbortSignal, read: &mut Read) -> worker::Result<()> {
    let mut response = send(post, &signal).await?;
    read.head = Some((response.status_code(), response.headers().get("retry-after")?));
    // A status like 204 has no body.
    let Ok(mut stream) = response.stream() else { return Ok(()) };
    while read.body.len() < post.answer_bytes_max
        && let Some(chunk) = stream.next().await
    {
        let room = post.answer_bytes_max - read.body.len();
        read.body.extend(chunk?.into_iter().take(room));
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

impl Read {
    fn answer(self, end: End) -> PostAnswer {
        let body = String::from_utf8_lossy(&self.body).into_owned();
        let status = |(status, retry_after), broken| PostAnswer::Status {
            status,
            retry_after,
            body,
            broken,
        };
        match (self.head, end) {
            (Some(head), End::InTime) => status(head, None),
            (Some(head), End::TooLate) => {
                status(head, Some("the answer did not end in time".to_owned()))
            }
            (Some(head), End::Broken(reason)) => status(head, Some(reason)),
            (None, End::TooLate) => PostAnswer::TimedOut,
            (None, End::Broken(reason)) => PostAnswer::Unreachable { reason },
            // An exchange that ends in time has a status.
            (None, End::InTime) => PostAnswer::Unreachable { reason: "no status".to_owned() },
        }
    }
}

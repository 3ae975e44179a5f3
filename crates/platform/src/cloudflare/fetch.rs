//! Reads the runtime's request with a bounded body, and writes the response.
//!
//! Limits without a source are project defaults.

use crate::http::{Body, CallerTimeZone, Content, Request, Response};
use futures_util::StreamExt;
use http::Uri;
use http::header::{CONTENT_LENGTH, HeaderName, HeaderValue};
use js_sys::{Array, JSON, Uint8Array};
use serde::Serialize;
use shared_kernel::json;
use std::collections::BTreeMap;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use worker::web_sys::{self, ResponseInit};

/// A body that is too long is read up to this length and discarded: a client that is still writing
/// would otherwise see a broken connection instead of the response. Three times the longest allowed
/// body.
const DRAINED_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The parts of a request that depend on its path.
pub struct Reading {
    /// The longest body, in bytes.
    pub bytes_max: usize,
    /// Whether the handler asks for the caller's time zone.
    pub has_time_zone: bool,
}

/// Reads a request. `reading` returns what to read for a path. `worker::Request` would read all properties of the
/// runtime's request, which takes longer than parsing a workout.
pub async fn read_request(
    request: web_sys::Request,
    reading: impl Fn(&str) -> Reading,
) -> worker::Result<Request> {
    // An invalid URL becomes a path that does not exist.
    let uri: Uri = request.url().parse().unwrap_or_else(|_| Uri::from_static("/-"));
    let Reading { bytes_max, has_time_zone } = reading(uri.path());
    let method = request.method();
    let mut builder = http::Request::builder().method(method.as_str()).uri(uri);
    for (name, value) in header_pairs(&request)? {
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::try_from(value))
        {
            builder = builder.header(name, value);
        }
    }
    // Only Cloudflare's edge sets it; a local run has none.
    if has_time_zone
        && let Some(zone) =
            worker::Request::from(Clone::clone(&request)).cf().map(worker::Cf::timezone_name)
    {
        builder = builder.extension(CallerTimeZone(zone));
    }
    let length = builder.headers_ref().and_then(|headers| headers.get(CONTENT_LENGTH));
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    let body = read_body(request, length, bytes_max).await?;
    builder.body(body).map_err(|error| worker::Error::RustError(error.to_string()))
}

/// The headers, in one JSON text: an iterator of the runtime costs several calls for each header.
fn header_pairs(request: &web_sys::Request) -> worker::Result<Vec<(String, String)>> {
    let pairs = Array::from(&request.headers());
    Ok(json::from_str(&String::from(JSON::stringify(&pairs)?))?)
}

/// `length` is the length that the request states.
async fn read_body(
    request: web_sys::Request,
    length: Option<usize>,
    bytes_max: usize,
) -> worker::Result<Body> {
    if request.body().is_none() {
        return Ok(Body::Complete(Vec::new()));
    }
    if length.is_some_and(|length| length <= bytes_max) {
        // The runtime reads no more than the length that the request states.
        let bytes = JsFuture::from(request.array_buffer()?).await?;
        return Ok(Body::Complete(Uint8Array::new(&bytes).to_vec()));
    }
    let mut bytes = Vec::new();
    let mut stream = worker::Request::from(request).stream()?;
    let mut length = 0;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk?;
        length += chunk.len();
        if length > DRAINED_BYTES_MAX {
            break;
        }
        if length <= bytes_max {
            bytes.extend(chunk);
        } else {
            bytes = Vec::new();
        }
    }
    Ok(if length > bytes_max { Body::TooLong { bytes_max } } else { Body::Complete(bytes) })
}

/// Converts a response.
pub fn write_response(response: Response) -> Result<web_sys::Response, JsValue> {
    let (parts, body) = response.into_parts();
    let init = response_init(&parts).map_err(|error| error.to_string())?;
    let init: ResponseInit = JSON::parse(&init)?.unchecked_into();
    match body {
        Content::Text(text) => {
            let text = Some(text.as_str()).filter(|text| !text.is_empty());
            web_sys::Response::new_with_opt_str_and_init(text, &init)
        }
        Content::Stream(chunks) => {
            let response = worker::Response::from_stream(
                chunks.map(|chunk| chunk.map(String::into_bytes).map_err(worker::Error::RustError)),
            )?;
            let body = web_sys::Response::from(response).body();
            web_sys::Response::new_with_opt_readable_stream_and_init(body.as_ref(), &init)
        }
    }
}

/// The status and the headers as one JSON text: the runtime's `Headers` costs a call for each header.
fn response_init(parts: &http::response::Parts) -> serde_json::Result<String> {
    #[derive(Serialize)]
    struct Init<'a> {
        status: u16,
        headers: BTreeMap<&'a str, &'a str>,
    }
    let headers = parts.headers.iter();
    let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    serde_json::to_string(&Init { status: parts.status.as_u16(), headers: headers.collect() })
}

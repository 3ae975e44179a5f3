//! Reads the runtime's request with a bounded body, and writes the response.
//!
//! Limits without a source are project defaults.

use crate::http::{Body, CallerTimeZone, Content, Request, Response};
use futures_util::StreamExt;
use http::Uri;
use http::header::{HeaderName, HeaderValue};
use worker::Headers;

/// A body that is too long is read up to this length and discarded: a client that is still writing
/// would otherwise see a broken connection instead of the response. Three times the longest allowed
/// body.
const DRAINED_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Reads a request. `bytes_max` returns the body limit of a path.
pub async fn read_request(
    mut request: worker::Request,
    bytes_max: impl Fn(&str) -> usize,
) -> worker::Result<Request> {
    // An invalid URL becomes a path that does not exist.
    let uri: Uri = request.inner().url().parse().unwrap_or_else(|_| Uri::from_static("/-"));
    let bytes_max = bytes_max(uri.path());
    let method = request.inner().method();
    let mut builder = http::Request::builder().method(method.as_str()).uri(uri);
    for (name, value) in request.headers() {
        if let (Ok(name), Ok(value)) =
            (name.parse::<HeaderName>(), HeaderValue::from_bytes(value.as_bytes()))
        {
            builder = builder.header(name, value);
        }
    }
    // Only Cloudflare's edge sets it; a local run has none.
    if let Some(zone) = request.cf().map(worker::Cf::timezone_name) {
        builder = builder.extension(CallerTimeZone(zone));
    }
    let body = read_body(&mut request, bytes_max).await?;
    builder.body(body).map_err(|error| worker::Error::RustError(error.to_string()))
}

async fn read_body(request: &mut worker::Request, bytes_max: usize) -> worker::Result<Body> {
    if request.inner().body().is_none() {
        return Ok(Body::Complete(Vec::new()));
    }
    let length = request.headers().get("content-length")?.and_then(|length| length.parse().ok());
    if length.is_some_and(|length: usize| length <= bytes_max) {
        // The runtime reads no more than the length that the request states.
        return request.bytes().await.map(Body::Complete);
    }
    let mut bytes = Vec::new();
    let mut stream = request.stream()?;
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
pub fn write_response(response: Response) -> worker::Result<worker::Response> {
    let (parts, body) = response.into_parts();
    let headers = Headers::new();
    for (name, value) in &parts.headers {
        if let Ok(value) = value.to_str() {
            headers.set(name.as_str(), value)?;
        }
    }
    let response = match body {
        Content::Text(text) if text.is_empty() => worker::Response::empty()?,
        Content::Text(text) => worker::Response::from_bytes(text.into_bytes())?,
        Content::Stream(chunks) => worker::Response::from_stream(
            chunks.map(|chunk| chunk.map(String::into_bytes).map_err(worker::Error::RustError)),
        )?,
    };
    Ok(response.with_status(parts.status.as_u16()).with_headers(headers))
}

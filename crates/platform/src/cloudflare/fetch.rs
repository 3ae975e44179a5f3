//! HTTP in and out: the runtime's request with a bounded body, and the answer.

use crate::http::{Body, Request, Response};
use futures_util::StreamExt;
use http::Uri;
use http::header::{HeaderName, HeaderValue};
use worker::Headers;

/// Reads a request; stops reading its body past `bytes_max`.
pub async fn read_request(
    mut request: worker::Request,
    bytes_max: usize,
) -> worker::Result<Request> {
    // A URL that is none by the RFC is a path that nobody has.
    let uri = request.inner().url().parse().unwrap_or_else(|_| Uri::from_static("/-"));
    let method = request.inner().method();
    let mut read = http::Request::builder().method(method.as_str()).uri(uri);
    for (name, value) in request.headers() {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
            read = read.header(name, value);
        }
    }
    let body = read_body(&mut request, bytes_max).await?;
    read.body(body).map_err(|error| worker::Error::RustError(error.to_string()))
}

async fn read_body(request: &mut worker::Request, bytes_max: usize) -> worker::Result<Body> {
    if request.inner().body().is_none() {
        return Ok(Body::Complete(Vec::new()));
    }
    let mut bytes = Vec::new();
    let mut stream = request.stream()?;
    while let Some(chunk) = stream.next().await {
        bytes.extend(chunk?);
        if bytes.len() > bytes_max {
            return Ok(Body::TooLong);
        }
    }
    Ok(Body::Complete(bytes))
}

/// Writes an answer.
pub fn write_response(response: Response) -> worker::Result<worker::Response> {
    let (parts, body) = response.into_parts();
    let headers = Headers::new();
    for (name, value) in &parts.headers {
        if let Ok(value) = value.to_str() {
            headers.set(name.as_str(), value)?;
        }
    }
    let answer = if body.is_empty() {
        worker::Response::empty()?
    } else {
        worker::Response::from_bytes(body.into_bytes())?
    };
    Ok(answer.with_status(parts.status.as_u16()).with_headers(headers))
}

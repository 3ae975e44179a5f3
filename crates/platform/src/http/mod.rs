//! HTTP types: requests with a bounded body, and JSON, HTML, stream and problem responses.

use futures_util::stream::LocalBoxStream;
pub use http::{HeaderMap, Method, StatusCode, header};
use serde::Serialize;

/// A request with its body read up to a limit.
pub type Request = http::Request<Body>;
/// A response.
pub type Response = http::Response<Content>;

/// The chunks of a body that is produced while it is sent. A failed chunk aborts the response.
pub type Chunks = LocalBoxStream<'static, Result<String, String>>;

/// The body of a response.
pub enum Content {
    Text(String),
    /// May be longer than the memory.
    Stream(Chunks),
}

/// The time zone that the platform guesses for a caller, as an extension of its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerTimeZone(pub String);

/// A request's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    Complete(Vec<u8>),
    /// Reading stopped at the limit.
    TooLong {
        bytes_max: usize,
    },
}

/// A response with a JSON body.
pub fn json(status: StatusCode, body: &impl Serialize) -> Result<Response, serde_json::Error> {
    let text = Content::Text(serde_json::to_string(body)?);
    Ok(with_body(status, "application/json", text))
}

/// A response with an HTML page.
pub fn html(status: StatusCode, page: String) -> Response {
    with_body(status, "text/html; charset=utf-8", Content::Text(page))
}

/// A response without a body.
pub fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Content::Text(String::new()));
    *response.status_mut() = status;
    response
}

/// A 200 response with a body that is produced while it is sent.
pub fn chunked(content_type: &'static str, chunks: Chunks) -> Response {
    with_body(StatusCode::OK, content_type, Content::Stream(chunks))
}

fn with_body(status: StatusCode, content_type: &'static str, body: Content) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let value = header::HeaderValue::from_static(content_type);
    response.headers_mut().insert(header::CONTENT_TYPE, value);
    response
}

/// The value of a header; `None` if it is missing or not text.
pub fn text_header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

/// Sets a header; an invalid value is ignored.
pub fn set_header(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = header::HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

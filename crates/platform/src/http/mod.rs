//! The frame of an HTTP answer: requests with a bounded body, JSON and problem answers.

pub mod problem;

use futures_util::stream::LocalBoxStream;
pub use http::{HeaderMap, Method, StatusCode, header};
pub use problem::{FieldError, Problem};
use serde::Serialize;

/// A request whose body, when it was short enough, is all here.
pub type Request = http::Request<Body>;
/// An answer.
pub type Response = http::Response<Content>;

/// The pieces of a body that is made while it is sent. A piece that fails breaks the answer off.
pub type Pieces = LocalBoxStream<'static, Result<String, String>>;

/// What is answered.
pub enum Content {
    /// All of it at once.
    Text(String),
    /// Piece by piece: it may be longer than memory.
    Pieces(Pieces),
}

/// The time zone that the platform guesses for a caller, as an extension of its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerTimeZone(pub String);

/// A request's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// All of it.
    Complete(Vec<u8>),
    /// Longer than the limit; reading stopped there.
    TooLong {
        /// The limit, in bytes.
        bytes_max: usize,
    },
}

/// An answer with a JSON body.
pub fn json(status: StatusCode, body: &impl Serialize) -> Result<Response, serde_json::Error> {
    let text = Content::Text(serde_json::to_string(body)?);
    Ok(with_body(status, "application/json", text))
}

/// An answer that is a page.
pub fn html(status: StatusCode, page: String) -> Response {
    with_body(status, "text/html; charset=utf-8", Content::Text(page))
}

/// An answer without a body.
pub fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Content::Text(String::new()));
    *response.status_mut() = status;
    response
}

/// 200 with a body that is made while it is sent.
pub fn pieces(content_type: &'static str, pieces: Pieces) -> Response {
    with_body(StatusCode::OK, content_type, Content::Pieces(pieces))
}

fn with_body(status: StatusCode, content_type: &'static str, body: Content) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let value = header::HeaderValue::from_static(content_type);
    response.headers_mut().insert(header::CONTENT_TYPE, value);
    response
}

/// The first value of a query parameter, decoded.
pub fn query(request: &Request, name: &str) -> Option<String> {
    let pairs = form_urlencoded::parse(request.uri().query().unwrap_or("").as_bytes());
    pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// A header, when it is there and is text.
pub fn text_header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

/// Sets a header; a value that cannot be one is left out.
pub fn set_header(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = header::HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

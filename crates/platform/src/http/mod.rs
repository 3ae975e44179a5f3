//! The frame of an HTTP answer: requests with a bounded body, JSON and problem answers.

pub mod problem;

pub use http::{HeaderMap, Method, StatusCode, header};
pub use problem::{FieldError, Problem};
use serde::Serialize;

/// A request whose body, when it was short enough, is all here.
pub type Request = http::Request<Body>;
/// An answer.
pub type Response = http::Response<String>;

/// A request's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// All of it.
    Complete(Vec<u8>),
    /// Longer than the limit; reading stopped there.
    TooLong,
}

/// An answer with a JSON body.
pub fn json(status: StatusCode, body: &impl Serialize) -> Result<Response, serde_json::Error> {
    Ok(with_body(status, "application/json", serde_json::to_string(body)?))
}

/// An answer without a body.
pub fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(String::new());
    *response.status_mut() = status;
    response
}

fn with_body(status: StatusCode, content_type: &'static str, body: String) -> Response {
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

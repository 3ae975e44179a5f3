//! The `HttpClient` port: one POST to a URL that an athlete chose.

use async_trait::async_trait;

/// A POST request, with the limits for its response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    /// The limit for the response's status and headers.
    pub timeout_ms: u32,
    /// The limit for the response's body, from the headers on.
    pub body_timeout_ms: u32,
    /// The client reads no more of the response's body than this.
    pub body_bytes_max: usize,
}

/// A response. The client does not follow redirects: a redirect is a response like any other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    pub status: u16,
    pub retry_after: Option<String>,
    /// The beginning of the body, with invalid UTF-8 replaced.
    pub body: String,
    /// The reason why the body ends early.
    pub body_error: Option<String>,
}

/// The reason why there is no response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    #[error("no response in time")]
    TimedOut,
    #[error("{reason}")]
    Unreachable { reason: String },
}

/// Sends HTTP requests.
#[async_trait(?Send)]
pub trait HttpClient {
    /// Sends the request and reads the beginning of the response.
    async fn post(&self, request: HttpRequest) -> Result<HttpResponse, HttpError>;
}

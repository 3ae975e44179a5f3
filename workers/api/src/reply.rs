//! The responses of handlers: their status, body and headers are part of the handler's type.

use crate::error::ApiResult;
use platform::http::{Response, StatusCode, empty, html, json, set_header};
use schemars::JsonSchema;
use serde::Serialize;

#[cfg(not(target_arch = "wasm32"))]
use crate::openapi::operation::OperationDoc;

/// A result that becomes a response.
pub trait Output {
    /// Converts it.
    fn into_response(self) -> ApiResult;

    /// Adds it to the OpenAPI document.
    #[cfg(not(target_arch = "wasm32"))]
    fn describe(doc: &mut OperationDoc<'_>);
}

/// A JSON body with its status and headers.
pub struct Reply<T, const STATUS: u16 = 200> {
    body: T,
    headers: Vec<(&'static str, String)>,
}

/// 201 with the new resource.
pub type Created<T> = Reply<T, 201>;
/// 202: the work continues.
pub type Accepted<T> = Reply<T, 202>;

impl<T, const STATUS: u16> Reply<T, STATUS> {
    /// A response without headers.
    pub const fn new(body: T) -> Self {
        Self { body, headers: Vec::new() }
    }

    /// Adds the path of the resource.
    #[must_use]
    pub fn location(self, path: String) -> Self {
        self.header("location", path)
    }

    /// Adds the tag of the resource.
    #[must_use]
    pub fn etag(self, etag: String) -> Self {
        self.header("etag", etag)
    }

    /// Marks the response to a repeated request.
    #[must_use]
    pub fn replayed(self, is_replayed: bool) -> Self {
        if is_replayed { self.header("idempotency-replayed", "true".to_owned()) } else { self }
    }

    fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl<T: Serialize + JsonSchema, const STATUS: u16> Output for Reply<T, STATUS> {
    fn into_response(self) -> ApiResult {
        let status = StatusCode::from_u16(STATUS).unwrap_or_default();
        let mut response = json(status, &self.body)?;
        for (name, value) in self.headers {
            set_header(&mut response, name, &value);
        }
        Ok(response)
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(doc: &mut OperationDoc<'_>) {
        doc.json_response::<T>(STATUS);
    }
}

/// 204.
pub struct NoContent;

impl Output for NoContent {
    fn into_response(self) -> ApiResult {
        Ok(empty(StatusCode::NO_CONTENT))
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(doc: &mut OperationDoc<'_>) {
        doc.empty_response(204);
    }
}

/// 202 without a body.
pub struct Queued;

impl Output for Queued {
    fn into_response(self) -> ApiResult {
        Ok(empty(StatusCode::ACCEPTED))
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(doc: &mut OperationDoc<'_>) {
        doc.empty_response(202);
    }
}

/// A standalone HTML page. It may post forms to this origin, and nothing else.
pub struct HtmlPage(pub String);

impl Output for HtmlPage {
    fn into_response(self) -> ApiResult {
        let mut response = html(StatusCode::OK, self.0);
        let policy =
            "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
        set_header(&mut response, "content-security-policy", policy);
        Ok(response)
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(doc: &mut OperationDoc<'_>) {
        doc.media_response(200, &["text/html"]);
    }
}

/// A response whose body is no JSON model: the route states its media types.
impl Output for Response {
    fn into_response(self) -> ApiResult {
        Ok(self)
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(_: &mut OperationDoc<'_>) {}
}

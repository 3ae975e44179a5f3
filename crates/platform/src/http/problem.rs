//! Problem details (RFC 9457), the body of every error response.

use super::{Content, Response, StatusCode, set_header, with_body};
use serde::Serialize;

/// An error response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    type_uri: &'static str,
    title: &'static str,
    #[serde(serialize_with = "status_number")]
    status: StatusCode,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    #[serde(skip)]
    headers: Vec<(&'static str, String)>,
}

/// The error of one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// A JSON pointer (RFC 6901): `/exercises/0/sets/2/reps`.
    pub pointer: String,
    pub detail: String,
}

impl Problem {
    /// A problem with the title of its status.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            type_uri: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status,
            detail: detail.into(),
            instance: None,
            errors: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// 422, with one entry for each bad field.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = format!("{} of the request's fields are invalid", errors.len());
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail) }
    }

    /// Adds a header to the response.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "takes texts and numbers alike")]
    pub fn with_header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    /// The HTTP status.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The detail, for log lines.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The response; `instance` identifies the request.
    pub fn into_response(self, instance: &str) -> Response {
        let problem = Self { instance: Some(instance.to_owned()), ..self };
        // Strings and numbers always serialize.
        let body = serde_json::to_string(&problem).unwrap_or_default();
        let mut response =
            with_body(problem.status, "application/problem+json", Content::Text(body));
        for (name, value) in problem.headers {
            set_header(&mut response, name, &value);
        }
        response
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde requires")]
fn status_number<S: serde::Serializer>(status: &StatusCode, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_u16(status.as_u16())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problem_has_the_json_of_rfc_9457() {
        let problem = Problem::invalid(vec![FieldError {
            pointer: "/started_at".to_owned(),
            detail: "is before 1970".to_owned(),
        }])
        .with_header("retry-after", 2);
        let response = problem.into_response("urn:uuid:7");
        assert_eq!(response.status(), 422);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.headers()["retry-after"], "2");
        let Content::Text(body) = response.body() else { unreachable!() };
        assert_eq!(
            body,
            r#"{"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"1 of the request's fields are invalid","instance":"urn:uuid:7","errors":[{"pointer":"/started_at","detail":"is before 1970"}]}"#
        );
    }
}

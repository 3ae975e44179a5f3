//! Problem details (RFC 9457), the body of every error response, and their stable codes.

use crate::checks::{FieldError, FieldErrors};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The body of an error response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProblemDetails {
    /// The page that explains the code: `/docs/problems/validation_failed`.
    #[serde(rename = "type")]
    #[schemars(extend("format" = "uri-reference"))]
    pub type_uri: String,
    /// The code in words.
    pub title: String,
    /// The status of the response.
    pub status: u16,
    /// This occurrence, in English.
    pub detail: String,
    /// The request's id as a URN; the header `X-Request-Id` has it too.
    pub instance: String,
    pub code: ProblemCode,
    /// The invalid fields and parameters, at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The number of all invalid fields and parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors_total: Option<usize>,
}

/// The reason for which a request fails, before it is a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub code: ProblemCode,
    pub detail: String,
    pub errors: FieldErrors,
    /// The delay before a retry, in seconds.
    pub retry_after_s: Option<u32>,
}

impl Problem {
    /// A request with invalid fields.
    pub fn invalid(errors: impl IntoIterator<Item = FieldError>) -> Self {
        let errors = errors.into_iter().collect();
        Self { errors, ..ProblemCode::ValidationFailed.into() }
    }

    /// A request with an invalid query parameter or header.
    pub fn parameter(error: FieldError) -> Self {
        let errors = FieldErrors::from_iter([error]);
        Self { errors, ..ProblemCode::InvalidParameter.into() }
    }

    /// Sets the delay before a retry, in seconds.
    #[must_use]
    pub fn retry_after_s(self, seconds: u32) -> Self {
        Self { retry_after_s: Some(seconds), ..self }
    }

    /// The body; `instance` identifies the request.
    pub fn details(&self, instance: String) -> ProblemDetails {
        ProblemDetails {
            type_uri: format!("/docs/problems/{}", self.code.as_str()),
            title: self.code.title().to_owned(),
            status: self.code.status(),
            detail: match self.errors.total() {
                _ if self.code == ProblemCode::UnreadableFile => self.detail.clone(),
                0 => self.detail.clone(),
                1 => "1 field or parameter of the request is invalid".to_owned(),
                total => format!("{total} fields or parameters of the request are invalid"),
            },
            instance,
            code: self.code,
            errors: self.errors.kept().to_vec(),
            errors_total: Some(self.errors.total()).filter(|total| *total > 0),
        }
    }
}

impl From<ProblemCode> for Problem {
    /// The detail states the way to fix it; a failure of the server reveals nothing.
    fn from(code: ProblemCode) -> Self {
        code.with(if code.status() < 500 { code.fix() } else { code.title() })
    }
}

/// Declares the codes, each with its status, title, meaning and the way to fix it.
macro_rules! problem_codes {
    ($($name:ident = $status:literal $title:literal, $meaning:literal, $fix:literal;)*) => {
        /// The stable code of a problem.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum ProblemCode {
            $($name,)*
        }

        impl ProblemCode {
            /// All codes, in the order of their statuses.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The status of the response.
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// The code in words.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// The meaning, for the reference.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }

            /// The way to fix it, for the reference.
            pub const fn fix(self) -> &'static str {
                match self { $(Self::$name => $fix,)* }
            }

            const fn variant(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }
        }
    };
}

problem_codes! {
    InvalidJson = 400 "The body is not valid JSON",
        "The body could not be parsed as one JSON document in UTF-8.",
        "Send one JSON object. The detail names the line and the column of the error.";
    InvalidParameter = 400 "A parameter is invalid",
        "A query parameter is unknown, empty, repeated, or not in its only spelling.",
        "Correct the parameter that `errors` names. Days are written 2026-11-23, times with an offset.";
    InvalidHeader = 400 "A header is invalid",
        "A header such as Idempotency-Key or X-Operator has a value that is not allowed.",
        "Correct the header that the detail names.";
    InvalidCursor = 400 "The cursor is invalid",
        "The cursor was not returned by this list, or belongs to another one.",
        "Start from the first page, and send only cursors that a page returned.";
    InvalidSince = 400 "The position is invalid",
        "`since` is neither a `next_since` that was returned before nor a time.",
        "Synchronise from the beginning, without `since`. After a restored backup every client has to.";
    Unauthorized = 401 "A valid key is required",
        "The request has no key, or its key does not exist, is expired or is deleted.",
        "Send Authorization: Bearer followed by an API key, or by the operator token for /v1/admin.";
    Forbidden = 403 "The key is of the other kind",
        "An athlete's key cannot use /v1/admin, and the operator token cannot use an athlete's calls.",
        "Use a key of the right kind.";
    InsufficientScope = 403 "The key lacks the scope",
        "A key with the scope read can only send GET requests. A key makes no key that may do more, or for longer.",
        "Use a key with the scope, or one that expires later.";
    NotFound = 404 "Not found",
        "No such path, or the athlete has no such resource.",
        "Check the path and the id. A resource of another athlete is not found either.";
    MethodNotAllowed = 405 "The method is not allowed",
        "The path exists, but not with this method.",
        "Use a method of the header Allow.";
    Conflict = 409 "The request conflicts with the state of the resource",
        "The detail states the conflict.",
        "Read the resource, and decide from its state.";
    ConcurrentChange = 409 "Other requests changed the resource at the same time",
        "The change was tried several times, and other changes came first each time.",
        "Retry after the delay in Retry-After.";
    WorkoutCompleted = 409 "The workout is completed",
        "Sets can only be logged, corrected and deleted while the workout is in progress.",
        "Read the workout, add or change the set, and send all of it with PUT and If-Match.";
    WorkoutInProgress = 409 "The workout is still in progress",
        "The call requires a completed workout.",
        "Complete the workout first.";
    WorkoutEmpty = 409 "The workout has no set",
        "A workout without a set cannot be completed.",
        "Log a set, or delete the workout.";
    WorkoutDeleted = 409 "The workout was deleted",
        "An earlier request with this Idempotency-Key created a workout that was deleted since.",
        "Use a new Idempotency-Key to create another workout.";
    ExerciseExists = 409 "An exercise of this name exists",
        "The catalogue or the athlete has an exercise with this name, alias or slug. The detail names it.",
        "Use the existing exercise, or choose another name.";
    ExerciseDeleted = 409 "The exercise was deleted",
        "An earlier request with this Idempotency-Key created an exercise that was deleted since.",
        "Use a new Idempotency-Key to create another exercise.";
    CatalogueExercise = 409 "The exercise belongs to the catalogue",
        "Exercises of the catalogue cannot be changed or deleted.",
        "Create an exercise of your own.";
    LimitReached = 409 "A limit is reached",
        "The athlete has the most resources of this kind allowed. The detail states the number.",
        "Delete one that is not needed.";
    EndpointDisabled = 409 "The endpoint is disabled",
        "No deliveries are made to a disabled endpoint.",
        "Enable it with PATCH and `enabled: true`.";
    NothingHeldBack = 409 "The import has no workouts held back",
        "All exercise names of this import are resolved.",
        "Read the import for its progress.";
    EmailNotConfirmable = 409 "The address cannot be confirmed by a link",
        "The profile has no address, its address is already confirmed, or the deployment has no public URL.",
        "Set an address first. Without a public URL an operator confirms the address.";
    StaleRevision = 412 "The precondition failed",
        "If-Match does not match the current ETag, or is not a valid list of tags.",
        "The resource has changed, or If-Match is malformed: read it again and send its ETag.";
    BodyTooLong = 413 "The body is too long",
        "The body is longer than the call allows.",
        "Send less in one request. The detail states the limit.";
    UnsupportedMediaType = 415 "The content type is not supported",
        "The header Content-Type is missing or names another type.",
        "Send application/json, or for imports one of the types of the call.";
    UnsupportedEncoding = 415 "The content encoding is not supported",
        "Bodies with a Content-Encoding such as gzip are not accepted.",
        "Send the body uncompressed.";
    ValidationFailed = 422 "Fields of the body are invalid",
        "The body is JSON, but fields are missing, unknown, of another type or out of range.",
        "Correct the fields that `errors` names by JSON pointer. Nothing was changed.";
    IdempotencyKeyReused = 422 "The Idempotency-Key was used for another request",
        "An earlier request with this key had another body.",
        "Use a new key for each new request, and the same key only for a retry.";
    UnreadableFile = 422 "The file cannot be imported",
        "The file is no training log of a known format, or has too many unknown names.",
        "The detail states the reason. Nothing was imported.";
    RateLimited = 429 "Too many requests",
        "The key or the address exceeded its rate limit.",
        "Retry after the delay in Retry-After.";
    InternalError = 500 "Internal error",
        "The server failed. The log has the reason under the request's id.",
        "Report the id in `instance`. A retry with an Idempotency-Key is safe.";
    Unavailable = 503 "The service is unavailable",
        "The database or a queue did not respond. The request may or may not have taken effect.",
        "Retry after the delay in Retry-After, a POST with its Idempotency-Key.";
    NotConfigured = 503 "The deployment lacks a secret",
        "The deployment has no key to seal signing secrets with.",
        "Its operator must set SEALING_KEY.";
}

impl ProblemCode {
    /// A problem with this detail.
    pub fn with(self, detail: impl Into<String>) -> Problem {
        let (errors, retry_after_s) = (FieldErrors::default(), None);
        Problem { code: self, detail: detail.into(), errors, retry_after_s }
    }

    /// The name in JSON: `validation_failed`.
    pub fn as_str(self) -> String {
        let mut name = String::new();
        for c in self.variant().chars() {
            if c.is_ascii_uppercase() && !name.is_empty() {
                name.push('_');
            }
            name.push(c.to_ascii_lowercase());
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::FieldCode;
    use serde_json::{json, to_value};

    #[test]
    fn problem_has_the_json_of_rfc_9457() {
        let error = FieldError::at("/started_at", FieldCode::OutOfRange, "is before 1970");
        let problem = Problem::invalid([error]).details("urn:uuid:7".to_owned());
        let expected = json!({
            "type": "/docs/problems/validation_failed",
            "title": "Fields of the body are invalid",
            "status": 422,
            "detail": "1 field or parameter of the request is invalid",
            "instance": "urn:uuid:7",
            "code": "validation_failed",
            "errors": [
                { "pointer": "/started_at", "code": "out_of_range", "detail": "is before 1970" }
            ],
            "errors_total": 1,
        });
        assert_eq!(to_value(&problem).unwrap(), expected);
    }

    #[test]
    fn code_has_one_name_in_json_and_pages() {
        for code in ProblemCode::ALL {
            assert_eq!(to_value(code).unwrap(), code.as_str());
        }
    }
}

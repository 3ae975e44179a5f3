//! Errors and their responses: 4xx for the caller's errors, 5xx for the server's.

use crate::rate_limits::RateLimit;
use platform::VaultError;
use platform::http::{FieldError, Method, Problem, Response, StatusCode};
use platform::panics::PanicError;
use platform::sink::SendError;
use shared_kernel::without_values;
use standard_webhooks::payload::PayloadError;
use storage::{Conflict, DatabaseError, Rejection};
use training::names::similar_exercises;

/// The delay before a client retries after an outage of the database, in seconds: D1's own outages
/// are resets and overloads of seconds; a project default.
const RETRY_AFTER_S: u32 = 2;

/// The response to a request, or the reason why it fails.
pub type ApiResult<T = Response> = Result<T, ApiError>;

/// The reason why a request fails.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// No such path, or the athlete has no such resource.
    #[error("not found")]
    NotFound,
    #[error("method not allowed: use {}", names(.0))]
    MethodNotAllowed(&'static [Method]),
    #[error("a valid API key is required: Authorization: Bearer bt_…")]
    Unauthorized,
    /// An athlete's key on an operator's path, or the reverse.
    #[error("this key has no access to this path")]
    Forbidden,
    #[error("this key lacks the scope of this call: use one that may read, or write")]
    InsufficientScope,
    #[error("the body is longer than {0} bytes")]
    TooLong(usize),
    #[error("the content type must be application/json")]
    NotJsonType,
    #[error("the content type must be text/csv, or application/json for a Bulktrack export")]
    NotImportType,
    #[error("the body is not valid JSON: {0}")]
    NotJson(serde_json::Error),
    /// An invalid header, cursor and the like.
    #[error("{0}")]
    BadRequest(&'static str),
    #[error("{} of the request's fields are invalid", .0.len())]
    Invalid(Vec<FieldError>),
    #[error("this Idempotency-Key was used for another request")]
    IdempotencyKeyReused,
    #[error("the workout has changed: read it again and send its ETag as If-Match")]
    StaleRevision,
    #[error("rate limit exceeded: at most {} calls in {} s", .0.calls_max(), .0.period_s())]
    RateLimited(RateLimit),
    #[error("{0}")]
    Conflict(&'static str),
    /// The file cannot be imported; nothing of it is stored. The detail may quote the file: only the
    /// client gets it, not the log.
    #[error("the file cannot be imported")]
    UnreadableFile(String),
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Send(#[from] SendError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Payload(#[from] PayloadError),
    #[error(transparent)]
    Panicked(#[from] PanicError),
    #[error("encode or decode a document: {}", without_values(.0))]
    Document(#[from] serde_json::Error),
}

impl ApiError {
    /// The response to the client. A 5xx reveals nothing but the request's id.
    pub fn problem(&self) -> Problem {
        let problem = |status| Problem::new(status, self.to_string());
        match self {
            Self::NotFound => problem(StatusCode::NOT_FOUND),
            Self::MethodNotAllowed(methods) => {
                problem(StatusCode::METHOD_NOT_ALLOWED).with_header("allow", names(methods))
            }
            Self::Unauthorized => {
                problem(StatusCode::UNAUTHORIZED).with_header("www-authenticate", "Bearer")
            }
            Self::Forbidden | Self::InsufficientScope => problem(StatusCode::FORBIDDEN),
            Self::TooLong(_) | Self::Send(SendError::TooLong { .. }) => {
                problem(StatusCode::PAYLOAD_TOO_LARGE)
            }
            Self::NotJsonType | Self::NotImportType => {
                problem(StatusCode::UNSUPPORTED_MEDIA_TYPE)
            }
            Self::NotJson(_) | Self::BadRequest(_) => problem(StatusCode::BAD_REQUEST),
            Self::Invalid(errors) => Problem::invalid(errors.clone()),
            Self::IdempotencyKeyReused => problem(StatusCode::UNPROCESSABLE_ENTITY),
            Self::UnreadableFile(detail) => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail),
            Self::StaleRevision => problem(StatusCode::PRECONDITION_FAILED),
            Self::RateLimited(limit) => problem(StatusCode::TOO_MANY_REQUESTS)
                .with_header("retry-after", limit.period_s()),
            Self::Conflict(_) => problem(StatusCode::CONFLICT),
            Self::Database(DatabaseError::Unavailable { .. } | DatabaseError::MissingResult)
            | Self::Send(SendError::Rejected { .. }) => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "the request may or may not have taken effect: retry it, a POST with its Idempotency-Key",
            )
            .with_header("retry-after", RETRY_AFTER_S),
            Self::Vault(VaultError::NoKey) => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "this deployment has no key to seal secrets with; its operator must set one",
            ),
            Self::Database(DatabaseError::Rejected { .. } | DatabaseError::Row(_))
            | Self::Vault(VaultError::Sealed)
            | Self::Panicked(_)
            | Self::Payload(_)
            | Self::Document(_) => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error"),
        }
    }
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Unauthorized => Self::Unauthorized,
            Rejection::Forbidden => Self::InsufficientScope,
            Rejection::NotFound => Self::NotFound,
            Rejection::StaleRevision => Self::StaleRevision,
            Rejection::UnknownExercises(unknown) => {
                let field_error = |slug: &String| FieldError {
                    pointer: "/exercise".to_owned(),
                    detail: unknown_exercise(slug),
                };
                Self::Invalid(unknown.iter().map(field_error).collect())
            }
            Rejection::Conflict(conflict) => conflict.into(),
            Rejection::Database(error) => Self::Database(error),
        }
    }
}

impl From<Conflict> for ApiError {
    fn from(conflict: Conflict) -> Self {
        Self::Conflict(match conflict {
            Conflict::IdempotencyKeyReused => return Self::IdempotencyKeyReused,
            Conflict::ExerciseExists => "you have an exercise of this name",
            Conflict::TooManyExercises => "you have 1,000 custom exercises, the maximum",
            Conflict::NoEmail => "your profile has no email address: set one first",
            Conflict::EmailConfirmed => "your email address is already confirmed",
            Conflict::TooManyLinks => "you have requested 5 links today, the maximum",
            Conflict::TooManyKeys => "you have 100 live keys, the maximum: delete one first",
            Conflict::TooManyEndpoints => "you have 20 endpoints, the maximum",
            Conflict::EndpointDisabled => "this endpoint is disabled: enable it first",
            Conflict::TooManyWaitingDeliveries => "this endpoint has too many waiting deliveries",
        })
    }
}

/// The detail of a field that names an unknown exercise, with the closest slug of the catalogue.
pub fn unknown_exercise(slug: &str) -> String {
    let similar = similar_exercises(slug, &[], 1);
    let hint = similar.first().map(|slug| format!("; did you mean {slug}?")).unwrap_or_default();
    format!(
        "unknown exercise: not in the catalogue and not one of your own exercises; see GET /v1/exercises{hint}"
    )
}

/// The error of an invalid query parameter, in the form of an invalid field.
pub fn bad_parameter(name: &str, detail: &str) -> ApiError {
    ApiError::Invalid(vec![FieldError { pointer: format!("/{name}"), detail: detail.to_owned() }])
}

fn names(methods: &[Method]) -> String {
    methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ")
}

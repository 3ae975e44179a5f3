//! Refusals and failures, and what each is answered with: theirs 4xx, ours 5xx, in this one place.

use platform::http::{FieldError, Method, Problem, StatusCode};
use platform::panics::PanicError;
use platform::sink::SendError;
use platform::{RateLimit, VaultError};
use shared_kernel::without_values;
use standard_webhooks::payload::PayloadError;
use storage::{Conflict, DatabaseError, Rejection};
use training::names::similar_exercises;

/// When a client may try again after the database was away, in seconds (ours: D1's own outages
/// are resets and overloads of seconds).
const RETRY_AFTER_S: u32 = 2;

/// Why a request is not answered as it asked.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// There is no such path, or no such thing of this athlete.
    #[error("there is nothing here")]
    NotFound,
    /// The path is there, the method is not.
    #[error("only {} here", names(.0))]
    MethodNotAllowed(&'static [Method]),
    /// No key, or a bad one.
    #[error("a live API key is needed: Authorization: Bearer bt_…")]
    Unauthorized,
    /// A key of the other kind.
    #[error("this key is not for this path")]
    Forbidden,
    /// The body is longer than the limit.
    #[error("the body is over {0} bytes")]
    TooLong(usize),
    /// The body is no JSON by its header.
    #[error("the body has to be application/json")]
    NotJsonType,
    /// The body is no log by its header.
    #[error("the body has to be text/csv, or application/json for an export of ours")]
    NotImportType,
    /// The body is no JSON.
    #[error("the body is not JSON: {0}")]
    NotJson(serde_json::Error),
    /// A header, a cursor or the like cannot be read.
    #[error("{0}")]
    BadRequest(&'static str),
    /// Fields that cannot be accepted.
    #[error("{} of the request's fields cannot be accepted", .0.len())]
    Invalid(Vec<FieldError>),
    /// The Idempotency-Key belongs to another request.
    #[error("this Idempotency-Key was used for another request")]
    IdempotencyKeyReused,
    /// The workout is at another revision than the caller's If-Match says.
    #[error("it was changed since: read it again, and send its ETag as If-Match")]
    Stale,
    /// The caller calls too often.
    #[error("that was too often: at most {} calls in {} s", .0.calls_max(), .0.period_s())]
    TooOften(RateLimit),
    /// What is there does not allow it.
    #[error("{0}")]
    Conflict(&'static str),
    /// The file is no such log; nothing of it is stored. What the client is told may quote the file, so the
    /// log is not told it.
    #[error("the file is no log that can be imported")]
    Unreadable(String),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A queue failed where an operator asked for it.
    #[error(transparent)]
    Send(#[from] SendError),
    /// A secret was not sealed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A payload of ours is none.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// A bug of ours.
    #[error(transparent)]
    Panicked(#[from] PanicError),
    /// What is stored or answered has no JSON.
    #[error("encode or decode a document: {}", without_values(.0))]
    Document(#[from] serde_json::Error),
}

impl ApiError {
    /// What the client is told. Of our own failures: nothing but that, and the request's id.
    pub fn problem(&self) -> Problem {
        let said = |status| Problem::new(status, self.to_string());
        match self {
            Self::NotFound => said(StatusCode::NOT_FOUND),
            Self::MethodNotAllowed(methods) => {
                said(StatusCode::METHOD_NOT_ALLOWED).with_header("allow", names(methods))
            }
            Self::Unauthorized => {
                said(StatusCode::UNAUTHORIZED).with_header("www-authenticate", "Bearer")
            }
            Self::Forbidden => said(StatusCode::FORBIDDEN),
            Self::TooLong(_) | Self::Send(SendError::TooLong { .. }) => {
                said(StatusCode::PAYLOAD_TOO_LARGE)
            }
            Self::NotJsonType | Self::NotImportType => said(StatusCode::UNSUPPORTED_MEDIA_TYPE),
            Self::NotJson(_) | Self::BadRequest(_) => said(StatusCode::BAD_REQUEST),
            Self::Invalid(errors) => Problem::invalid(errors.clone()),
            Self::IdempotencyKeyReused => said(StatusCode::UNPROCESSABLE_ENTITY),
            Self::Unreadable(detail) => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail),
            Self::Stale => said(StatusCode::PRECONDITION_FAILED),
            Self::TooOften(limit) => said(StatusCode::TOO_MANY_REQUESTS)
                .with_header("retry-after", limit.period_s()),
            Self::Conflict(_) => said(StatusCode::CONFLICT),
            Self::Database(DatabaseError::Unavailable { .. } | DatabaseError::MissingResult)
            | Self::Send(SendError::Rejected { .. }) => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "it is not known whether this took effect; please repeat it, a POST under its Idempotency-Key",
            )
            .with_header("retry-after", RETRY_AFTER_S),
            Self::Vault(VaultError::NoKey) => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "this deployment has no key to keep secrets with; its operator has to set one",
            ),
            Self::Database(DatabaseError::Rejected { .. } | DatabaseError::Row(_))
            | Self::Vault(VaultError::Sealed)
            | Self::Panicked(_)
            | Self::Payload(_)
            | Self::Document(_) => {
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "this is our fault")
            }
        }
    }
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Unauthorized => Self::Unauthorized,
            Rejection::NotFound => Self::NotFound,
            Rejection::StaleRevision => Self::Stale,
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
            Conflict::TooManyExercises => "you have 1,000 exercises of your own: the most",
            Conflict::TooManyEndpoints => "you have 20 endpoints: the most",
            Conflict::EndpointDisabled => "this endpoint is disabled: enable it first",
            Conflict::TooManyWaitingDeliveries => "too many deliveries wait at this endpoint",
        })
    }
}

/// The detail of a field that names an unknown exercise, with the closest slug of the catalogue.
pub fn unknown_exercise(slug: &str) -> String {
    let alike = similar_exercises(slug, &[], 1);
    let hint = alike.first().map(|slug| format!("; did you mean {slug}?")).unwrap_or_default();
    format!("is neither in the catalogue nor one of your own: see GET /v1/exercises{hint}")
}

/// A bad query parameter, told as a bad field is.
pub fn bad_parameter(name: &str, detail: &str) -> ApiError {
    ApiError::Invalid(vec![FieldError { pointer: format!("/{name}"), detail: detail.to_owned() }])
}

fn names(methods: &[Method]) -> String {
    methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ")
}

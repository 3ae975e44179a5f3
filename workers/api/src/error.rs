//! Errors and their responses: 4xx for the caller's errors, 5xx for the server's.

use contract::slugs::unknown_exercise;
use contract::{FieldCode, FieldError, ParseError, Problem, ProblemCode};
use platform::VaultError;
use platform::http::Response;
use platform::panics::PanicError;
use platform::publisher::PublishError;
use platform::sink::SendError;
use shared_kernel::without_values;
use standard_webhooks::payload::PayloadError;
use storage::{Conflict, DatabaseError, Rejection};

/// The delay before a client retries after an outage of the database, in seconds: D1's own outages
/// are resets and overloads of seconds; a project default.
const RETRY_AFTER_S: u32 = 2;
/// The delay before a client retries a change that concurrent changes overtook, in seconds.
const RETRY_CONCURRENT_AFTER_S: u32 = 1;

/// The delay before a client adds deliveries to an endpoint with many waiting ones, in seconds: about a run
/// of the webhook worker.
const RETRY_WAITING_AFTER_S: u32 = 10;

/// The response to a request, or the reason why it fails.
pub type ApiResult<T = Response> = Result<T, ApiError>;

/// The reason why a request fails.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The caller's error. The detail may quote the request: only the client gets it, not the log.
    #[error("{}", .0.code.as_str())]
    Problem(Box<Problem>),
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
    /// The problem for the client. A 5xx reveals nothing but the request's id.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Problem(problem) => (**problem).clone(),
            Self::Send(SendError::TooLong { .. }) => ProblemCode::BodyTooLong.with(self.to_string()),
            Self::Database(DatabaseError::Unavailable { .. } | DatabaseError::MissingResult)
            | Self::Send(SendError::Rejected { .. }) => ProblemCode::Unavailable
                .with("the request may or may not have taken effect: retry it, a POST with its Idempotency-Key")
                .retry_after_s(RETRY_AFTER_S),
            Self::Vault(VaultError::NoKey) => ProblemCode::NotConfigured.into(),
            Self::Database(
                DatabaseError::Rejected { .. }
                | DatabaseError::Row(_)
                | DatabaseError::MissingParameter,
            )
            | Self::Vault(VaultError::Sealed)
            | Self::Panicked(_)
            | Self::Payload(_)
            | Self::Document(_) => ProblemCode::InternalError.into(),
        }
    }

    /// Whether the caller's request is the reason.
    pub fn is_callers(&self) -> bool {
        matches!(self, Self::Problem(_))
    }

    /// The error of a change that concurrent changes overtook each time.
    pub fn concurrent_change() -> Self {
        Problem::from(ProblemCode::ConcurrentChange).retry_after_s(RETRY_CONCURRENT_AFTER_S).into()
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl From<ProblemCode> for ApiError {
    fn from(code: ProblemCode) -> Self {
        Problem::from(code).into()
    }
}

impl From<PublishError> for ApiError {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Send(error) => error.into(),
            PublishError::Encode { error, .. } => error.into(),
        }
    }
}

impl From<ParseError> for ApiError {
    fn from(error: ParseError) -> Self {
        match error {
            ParseError::NotJson(detail) => ProblemCode::InvalidJson
                .with(format!("the body is not valid JSON: {detail}"))
                .into(),
            ParseError::Invalid(errors) => {
                Problem { errors, ..ProblemCode::ValidationFailed.into() }.into()
            }
        }
    }
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Unauthorized => ProblemCode::Unauthorized.into(),
            Rejection::Forbidden => ProblemCode::InsufficientScope.into(),
            Rejection::NotFound => ProblemCode::NotFound.into(),
            Rejection::StaleRevision => ProblemCode::StaleRevision.into(),
            Rejection::UnknownPosition => ProblemCode::InvalidSince.into(),
            Rejection::UnknownExercises(unknown) => {
                let error = |slug: &String| {
                    let detail = unknown_exercise(slug);
                    FieldError::at("/exercise", FieldCode::UnknownExercise, detail)
                };
                Problem::invalid(unknown.iter().map(error)).into()
            }
            Rejection::Conflict(conflict) => conflict_problem(conflict).into(),
            Rejection::Database(error) => Self::Database(error),
        }
    }
}

fn conflict_problem(conflict: Conflict) -> Problem {
    match conflict {
        Conflict::IdempotencyKeyReused => ProblemCode::IdempotencyKeyReused.into(),
        Conflict::WorkoutDeleted => ProblemCode::WorkoutDeleted.into(),
        Conflict::ExerciseDeleted => ProblemCode::ExerciseDeleted.into(),
        Conflict::ExerciseExists { slug } => {
            ProblemCode::ExerciseExists.with(format!("the exercise {slug} has this name"))
        }
        Conflict::TooManyExercises => ProblemCode::LimitReached.with(
            "you would have over 1,000 custom exercises, or over 500 KB of their names and aliases",
        ),
        Conflict::NoEmail => ProblemCode::EmailNotConfirmable
            .with("your profile has no email address: set one first"),
        Conflict::EmailConfirmed => {
            ProblemCode::EmailNotConfirmable.with("your email address is already confirmed")
        }
        Conflict::TooManyKeys => {
            ProblemCode::LimitReached.with("you have 100 live keys, the maximum: delete one first")
        }
        Conflict::TooManyEndpoints => {
            ProblemCode::LimitReached.with("you have 20 endpoints, the maximum")
        }
        Conflict::EndpointDisabled => {
            ProblemCode::EndpointDisabled.with("this endpoint is disabled: enable it first")
        }
        Conflict::TooManyWaitingDeliveries => ProblemCode::LimitReached
            .with("this endpoint has too many waiting deliveries: wait until they are delivered")
            .retry_after_s(RETRY_WAITING_AFTER_S),
    }
}

/// The error of an invalid query parameter.
pub fn bad_parameter(name: &str, code: FieldCode, detail: impl Into<String>) -> ApiError {
    Problem::parameter(FieldError::parameter(name, code, detail)).into()
}

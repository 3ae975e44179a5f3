//! The result of a call that an API key guards: one vocabulary for every repository.

use crate::database::DatabaseError;
use std::collections::BTreeSet;

/// The result of a call made with a [`crate::KeyProof`].
pub type Guarded<T> = Result<T, Rejection>;

/// The reason for which a guarded call stored and returned nothing.
#[derive(Debug, thiserror::Error)]
pub enum Rejection {
    /// The key does not exist, has another secret, or is revoked or expired.
    #[error("the API key is not valid")]
    Unauthorized,
    /// The key is live and lacks a scope.
    #[error("the API key lacks the scope")]
    Forbidden,
    #[error("not found")]
    NotFound,
    #[error("the row has changed since it was read")]
    StaleRevision,
    /// Slugs that are neither in the catalogue nor the athlete's own.
    #[error("unknown exercises: {0:?}")]
    UnknownExercises(BTreeSet<String>),
    #[error("no change has this position")]
    UnknownPosition,
    #[error(transparent)]
    Conflict(#[from] Conflict),
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// The rule that stored data would break.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    #[error("the Idempotency-Key was used for another request")]
    IdempotencyKeyReused,
    #[error("the workout that the request created was deleted")]
    WorkoutDeleted,
    #[error("the exercise that the request created was deleted")]
    ExerciseDeleted,
    #[error("the exercise {slug} has this name")]
    ExerciseExists { slug: String },
    #[error("the athlete has the most exercises allowed")]
    TooManyExercises,
    #[error("the athlete has no email address")]
    NoEmail,
    #[error("the athlete's email address is already confirmed")]
    EmailConfirmed,
    #[error("the athlete has the most live keys allowed")]
    TooManyKeys,
    #[error("the athlete has the most endpoints allowed")]
    TooManyEndpoints,
    #[error("the endpoint is disabled")]
    EndpointDisabled,
    #[error("the most deliveries allowed are waiting at the endpoint")]
    TooManyWaitingDeliveries,
}

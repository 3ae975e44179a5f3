//! Idempotency-Keys: the earlier request with a key, and the resource that it created.

use crate::database::Statement;
use crate::guard::Conflict;
use crate::keys::{KeyProof, live_key};
use serde::Deserialize;

/// How long an Idempotency-Key is remembered: a phone may be offline for a week.
const REMEMBERED_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

/// An Idempotency-Key with its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// Unquoted.
    pub key: String,
    /// SHA-256 of the request, in hex.
    pub request_hash: String,
}

/// The resource that a POST created.
#[derive(Clone, Debug, PartialEq)]
pub enum Creation<T> {
    Stored(T),
    /// The same request created it before, under this Idempotency-Key. It is as it is now.
    Replayed(T),
}

/// The kind of a resource that a POST creates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Created {
    Workout,
    Set,
    Exercise,
    Import,
}

/// The first request with an Idempotency-Key.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct FirstRequest {
    request_hash: String,
    created: Created,
    pub(crate) resource_id: String,
    pub(crate) set_id: Option<u32>,
}

impl FirstRequest {
    /// Checks that `idempotency` repeats this request.
    pub(crate) fn check_is_replayed_by(
        &self,
        idempotency: &Idempotency,
        created: Created,
    ) -> Result<(), Conflict> {
        let is_replay = self.request_hash == idempotency.request_hash && self.created == created;
        if is_replay { Ok(()) } else { Err(Conflict::IdempotencyKeyReused) }
    }
}

/// True if the athlete of parameter 1 has not used the Idempotency-Key `$key`, or if it is null.
macro_rules! unused_key {
    ($key:literal) => {
        concat!(
            "(",
            $key,
            " IS NULL OR NOT EXISTS (SELECT 1 FROM idempotency_keys \
             WHERE athlete_id = ?1 AND idempotency_key = ",
            $key,
            "))"
        )
    };
}
pub(crate) use unused_key;

/// Deletes the athlete's expired Idempotency-Keys.
pub(crate) fn delete_expired(proof: &KeyProof, now_ms: i64) -> Statement {
    proof.statement(
        concat!(
            "DELETE FROM idempotency_keys WHERE athlete_id = ?1 AND created_at_ms < ?4 AND ",
            live_key!()
        ),
        [(now_ms - REMEMBERED_MS).into()],
    )
}

/// Selects the [`FirstRequest`] with an Idempotency-Key.
pub(crate) fn select_first(proof: &KeyProof, idempotency: &Idempotency) -> Statement {
    proof.statement(
        "SELECT request_hash, created, resource_id, set_id FROM idempotency_keys \
         WHERE athlete_id = ?1 AND idempotency_key = ?4",
        [idempotency.key.as_str().into()],
    )
}

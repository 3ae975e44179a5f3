//! Idempotency-Keys of exercises and imports: the earlier request with a key, and the resource that it created.
//! A workout is its own record ([`crate::workouts::create`]), and so are its sets.

use crate::database::{Param, Statement};
use crate::guard::Conflict;
use crate::keys::{KeyProof, live_key};
use serde::Deserialize;
use shared_kernel::derived;

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

/// An Idempotency-Key of a set, as its workout stores it. Hashed: keys and requests are longer than sets, and
/// a workout has a few hundred at most.
pub(crate) struct SetKey {
    pub(crate) key: String,
    pub(crate) request: String,
}

impl SetKey {
    pub(crate) fn of(idempotency: &Idempotency) -> Self {
        let short = |text: &str| {
            let mut hash = derived(&[text]).simple().to_string();
            hash.truncate(12);
            hash
        };
        Self { key: short(&idempotency.key), request: short(&idempotency.request_hash) }
    }
}

/// The resource that a POST created.
#[derive(Clone, Debug, PartialEq)]
pub enum Creation<T> {
    Stored(T),
    /// The same request created it before, under this Idempotency-Key. It is as it is now.
    Replayed(T),
}

/// The kind of a resource that a POST creates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Created {
    Exercise,
    Import,
}

impl Created {
    /// Returns the stored name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Exercise => "exercise",
            Self::Import => "import",
        }
    }
}

/// The first request with an Idempotency-Key.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct FirstRequest {
    request_hash: String,
    pub(crate) resource_id: String,
}

impl FirstRequest {
    /// Checks that `idempotency` repeats this request.
    pub(crate) fn check_is_replayed_by(&self, idempotency: &Idempotency) -> Result<(), Conflict> {
        let is_replay = self.request_hash == idempotency.request_hash;
        if is_replay { Ok(()) } else { Err(Conflict::IdempotencyKeyReused) }
    }
}

/// Returns the named parameters of the fragment `unused_key`, and the hash of the request.
pub(crate) fn named(
    created: Created,
    idempotency: Option<&Idempotency>,
) -> [(&'static str, Param); 3] {
    [
        ("created", created.as_str().into()),
        ("idempotency_key", idempotency.map(|it| it.key.as_str()).into()),
        ("request_hash", idempotency.map(|it| it.request_hash.as_str()).into()),
    ]
}

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
pub(crate) fn select_first(
    proof: &KeyProof,
    created: Created,
    idempotency: &Idempotency,
) -> Statement {
    proof.statement(
        "SELECT request_hash, resource_id FROM idempotency_keys \
         WHERE athlete_id = ?1 AND created = ?4 AND idempotency_key = ?5",
        [created.as_str().into(), idempotency.key.as_str().into()],
    )
}

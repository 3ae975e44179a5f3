//! API keys, checked inside the batch that they authorize: a revoked key stops working at once, and
//! the check costs no extra round trip.

use crate::database::{Database, Param, Results, Statement};
use crate::guard::{Guarded, Rejection};
use serde::de::DeserializeOwned;
use shared_kernel::AthleteId;

/// Proof of an API key: its ids and the hash of its secret. The database checks whether the key is
/// live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyProof {
    pub athlete_id: AthleteId,
    pub key_id: String,
    /// SHA-256 of the secret, in hex.
    pub secret_hash: String,
}

/// True if the key of parameters 1 to 3 is live. The comparison is of SHA-256 hashes of a 256-bit
/// random secret, so its timing reveals nothing about the secret (docs/adr/0004-keys.md).
macro_rules! live_key {
    () => {
        "EXISTS (SELECT 1 FROM api_keys WHERE athlete_id = ?1 AND key_id = ?2 AND secret_hash = ?3 \
         AND revoked_at_ms IS NULL)"
    };
}
pub(crate) use live_key;

impl KeyProof {
    /// Returns this proof as parameters 1 to 3, followed by `more`.
    pub(crate) fn params(&self, more: impl IntoIterator<Item = Param>) -> Vec<Param> {
        [
            Param::text(self.athlete_id),
            Param::Text(self.key_id.clone()),
            Param::Text(self.secret_hash.clone()),
        ]
        .into_iter()
        .chain(more)
        .collect()
    }

    /// Returns a statement with this proof as its parameters 1 to 3.
    pub(crate) fn statement(
        &self,
        sql: &'static str,
        more: impl IntoIterator<Item = Param>,
    ) -> Statement {
        Statement { sql, params: self.params(more) }
    }
}

/// Checks that a key is live.
pub(crate) async fn check_live(database: &dyn Database, proof: &KeyProof) -> Guarded<()> {
    with_key(database, proof, Vec::new()).await.map(drop)
}

/// Runs statements in one round trip and returns their results if the key is live. The check does
/// not stop a write: each statement that writes contains [`live_key`] itself.
pub(crate) async fn with_key(
    database: &dyn Database,
    proof: &KeyProof,
    statements: Vec<Statement>,
) -> Guarded<Results> {
    let check = proof.statement(concat!("SELECT 1 AS live WHERE ", live_key!()), []);
    let batch = [check].into_iter().chain(statements).collect();
    let mut results = Results::new(database.batch(batch).await?);
    if results.has_rows()? { Ok(results) } else { Err(Rejection::Unauthorized) }
}

/// Returns the rows of one query.
pub(crate) async fn rows_with_key<T: DeserializeOwned>(
    database: &dyn Database,
    proof: &KeyProof,
    select: Statement,
) -> Guarded<Vec<T>> {
    Ok(with_key(database, proof, vec![select]).await?.rows()?)
}

/// Runs one write that returns the rows it changed; [`Rejection::NotFound`] if it changed none.
pub(crate) async fn write_with_key(
    database: &dyn Database,
    proof: &KeyProof,
    write: Statement,
) -> Guarded<()> {
    let changed = with_key(database, proof, vec![write]).await?.has_rows()?;
    if changed { Ok(()) } else { Err(Rejection::NotFound) }
}

//! API keys, checked inside the batch that they open: a revoked key stops working at once, and the
//! check costs no round trip of its own.

use crate::database::{Database, Param, Results, Statement};
use crate::guard::{Guarded, Rejection};
use serde::de::DeserializeOwned;
use shared_kernel::AthleteId;

/// What a caller has shown: which key, and the hash of its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyProof {
    /// The athlete whose key it claims to be.
    pub athlete_id: AthleteId,
    /// Which of the athlete's keys.
    pub key_id: String,
    /// SHA-256 of the secret, in hex.
    pub secret_hash: String,
}

/// True when the key of parameters 1 to 3 is live. The comparison is of SHA-256 hashes of a
/// 256-bit random secret: how long it takes tells nothing about the secret (docs/adr/0004-keys.md).
macro_rules! live_key {
    () => {
        "EXISTS (SELECT 1 FROM api_keys WHERE athlete_id = ?1 AND key_id = ?2 AND secret_hash = ?3 \
         AND revoked_at_ms IS NULL)"
    };
}
pub(crate) use live_key;

impl KeyProof {
    /// Parameters 1 to 3 of a guarded statement, and those that follow.
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

    /// A statement whose parameters 1 to 3 are this proof.
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

/// Runs statements in one round trip, and returns their results if the key is live. The key does
/// not stop a write: each statement that writes carries [`live_key`] itself.
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

/// Runs one write that returns the rows it changed; [`Rejection::NotFound`] when it changed none.
pub(crate) async fn write_with_key(
    database: &dyn Database,
    proof: &KeyProof,
    write: Statement,
) -> Guarded<()> {
    let changed = with_key(database, proof, vec![write]).await?.has_rows()?;
    if changed { Ok(()) } else { Err(Rejection::NotFound) }
}

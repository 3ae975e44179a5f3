//! API keys, checked inside the batch that they authorize: a revoked or expired key stops working at
//! once, and the check costs no extra round trip.
//!
//! Limits without a source are project defaults.

use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::guard::{Conflict, Guarded, Rejection};
use crate::json_text;
use crate::page::Page;
use crate::sql::query;
use chrono::NaiveDate;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use shared_kernel::{AthleteId, Scope};
use std::collections::BTreeSet;

/// The live keys of an athlete, at most.
pub const LIVE_KEYS_MAX: i64 = 100;

/// Proof of an API key for one call: its ids, the hash of its secret, and the scope that the call
/// requires. The database checks whether the key is live and has the scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyProof {
    pub athlete_id: AthleteId,
    pub key_id: String,
    /// SHA-256 of the secret, in hex.
    pub secret_hash: String,
    pub scope: Scope,
    /// The time at which the key must not have expired.
    pub now_ms: i64,
}

/// The condition on a row that it is the key of parameters 1 to 3, and live. The comparison is of
/// SHA-256 hashes of a 256-bit random secret, so its timing reveals nothing about the secret
/// (docs/adr/0004-keys.md).
macro_rules! is_live {
    () => {
        "athlete_id = ?1 AND key_id = ?2 AND secret_hash = ?3 ->> 'hash' \
         AND revoked_at_ms IS NULL AND coalesce(expires_at_ms > ?3 ->> 'now_ms', 1)"
    };
}

/// The condition on a row that it has the scope of parameter 3. No scope's name contains another's.
macro_rules! has_scope {
    () => {
        "instr(scopes, ?3 ->> 'scope') > 0"
    };
}

/// True if the key of parameters 1 to 3 is live and has the scope.
macro_rules! live_key {
    () => {
        concat!(
            "EXISTS (SELECT 1 FROM api_keys WHERE ",
            $crate::keys::is_live!(),
            " AND ",
            $crate::keys::has_scope!(),
            ")"
        )
    };
}
pub(crate) use {has_scope, is_live, live_key};

impl KeyProof {
    /// Returns this proof for another time, for a response that outlives its call.
    #[must_use]
    pub fn at(&self, now_ms: i64) -> Self {
        Self { now_ms, ..self.clone() }
    }

    /// Returns this proof as parameters 1 to 3, followed by `more`. All but the ids is in parameter 3.
    pub(crate) fn params(&self, more: impl IntoIterator<Item = Param>) -> Vec<Param> {
        let rest = json!({
            "hash": self.secret_hash,
            "scope": self.scope.as_str(),
            "now_ms": self.now_ms,
        });
        [Param::text(self.athlete_id), Param::Text(self.key_id.clone()), Param::text(rest)]
            .into_iter()
            .chain(more)
            .collect()
    }

    /// Returns this proof as the named parameters of the fragments `live_key` and `key_is_live`.
    pub(crate) fn named(&self) -> [(&'static str, Param); 5] {
        [
            ("athlete_id", Param::text(self.athlete_id)),
            ("key_id", self.key_id.as_str().into()),
            ("secret_hash", self.secret_hash.as_str().into()),
            ("scope", self.scope.as_str().into()),
            ("call_at_ms", self.now_ms.into()),
        ]
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

/// A key to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    pub athlete_id: AthleteId,
    pub key_id: String,
    /// SHA-256 of the secret, in hex.
    pub secret_hash: String,
    pub name: String,
    pub scopes: BTreeSet<Scope>,
    /// `None` is never.
    pub expires_at_ms: Option<i64>,
}

/// A live key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Key {
    pub key_id: String,
    pub name: String,
    #[serde(with = "json_text")]
    pub scopes: BTreeSet<Scope>,
    pub created_at_ms: i64,
    /// The UTC day of the last call. It may lag a day.
    pub last_used_on: Option<NaiveDate>,
    pub expires_at_ms: Option<i64>,
}

impl NewKey {
    fn named(&self, now_ms: i64) -> Result<[(&'static str, Param); 6], DatabaseError> {
        Ok([
            ("new_key_id", self.key_id.as_str().into()),
            ("new_secret_hash", self.secret_hash.as_str().into()),
            ("name", self.name.as_str().into()),
            ("scopes", Param::json(&self.scopes)?),
            ("expires_at_ms", self.expires_at_ms.into()),
            ("now_ms", now_ms.into()),
        ])
    }

    /// Returns the statement that stores this key if its athlete exists.
    pub(crate) fn insert(&self, now_ms: i64) -> Result<Statement, DatabaseError> {
        let athlete_id = ("athlete_id", Param::text(self.athlete_id));
        query!("keys/insert.sql", condition = "true")
            .bind(self.named(now_ms)?.into_iter().chain([athlete_id]))
    }
}

/// Stores a further key of an athlete, for an operator.
pub async fn issue(database: &dyn Database, key: &NewKey, now_ms: i64) -> Guarded<()> {
    let inserted = Results::new(database.batch(vec![key.insert(now_ms)?]).await?).has_rows()?;
    if inserted { Ok(()) } else { Err(Rejection::NotFound) }
}

/// Stores a further key of the caller's athlete, and deletes the athlete's keys that have ended. A
/// key with a scope that the caller's key lacks, or one that outlives it, is [`Rejection::Forbidden`].
pub async fn create(database: &dyn Database, proof: &KeyProof, key: &NewKey) -> Guarded<()> {
    let delete_ended = proof.statement(
        concat!(
            "DELETE FROM api_keys WHERE athlete_id = ?1 AND (revoked_at_ms IS NOT NULL \
             OR expires_at_ms <= ?3 ->> 'now_ms') AND ",
            live_key!()
        ),
        [],
    );
    let count = Statement::new(
        "SELECT count(*) AS live FROM api_keys WHERE athlete_id = ?1",
        [Param::text(proof.athlete_id)],
    );
    let values = key.named(proof.now_ms)?.into_iter().chain(proof.named());
    let insert =
        query!("keys/insert.sql", condition = include_str!("../sql/keys/create_condition.sql"),)
            .bind(values.chain([("live_keys_max", LIVE_KEYS_MAX.into())]))?;
    let mut results = with_key(database, proof, vec![delete_ended, count, insert]).await?;
    results.skip(1);
    let live = results.value::<i64>()?.unwrap_or(0);
    if results.has_rows()? {
        Ok(())
    } else if live >= LIVE_KEYS_MAX {
        Err(Conflict::TooManyKeys.into())
    } else {
        Err(Rejection::Forbidden)
    }
}

/// Returns the athlete's live keys, the oldest first.
pub async fn list(database: &dyn Database, proof: &KeyProof) -> Guarded<Vec<Key>> {
    let select = proof.statement(
        "SELECT key_id, name, scopes, created_at_ms, last_used_on, expires_at_ms FROM api_keys \
         WHERE athlete_id = ?1 AND revoked_at_ms IS NULL \
         AND coalesce(expires_at_ms > ?3 ->> 'now_ms', 1) ORDER BY created_at_ms, key_id",
        [],
    );
    rows_with_key(database, proof, select).await
}

/// Revokes a live key of the caller's athlete, which may be the caller's own. It stops working at
/// once.
pub async fn revoke(database: &dyn Database, proof: &KeyProof, key_id: &str) -> Guarded<()> {
    let revoke = proof.statement(
        concat!(
            "UPDATE api_keys SET revoked_at_ms = ?3 ->> 'now_ms' WHERE athlete_id = ?1 \
             AND key_id = ?4 AND revoked_at_ms IS NULL \
             AND coalesce(expires_at_ms > ?3 ->> 'now_ms', 1) AND ",
            live_key!(),
            " RETURNING key_id"
        ),
        [key_id.into()],
    );
    write_with_key(database, proof, revoke).await
}

/// Revokes a key of any athlete, for an operator.
pub async fn revoke_by_operator(
    database: &dyn Database,
    athlete_id: AthleteId,
    key_id: &str,
    now_ms: i64,
) -> Guarded<()> {
    let revoke = Statement::new(
        "UPDATE api_keys SET revoked_at_ms = ?3 \
         WHERE athlete_id = ?1 AND key_id = ?2 AND revoked_at_ms IS NULL RETURNING key_id",
        [Param::text(athlete_id), key_id.into(), now_ms.into()],
    );
    let revoked = Results::new(database.batch(vec![revoke]).await?).has_rows()?;
    if revoked { Ok(()) } else { Err(Rejection::NotFound) }
}

/// Stores the day of a key's last call. Writes no row if the stored day is not older.
pub async fn mark_used(
    database: &dyn Database,
    athlete_id: AthleteId,
    key_id: &str,
    day: NaiveDate,
) -> Result<(), DatabaseError> {
    let update = Statement::new(
        "UPDATE api_keys SET last_used_on = ?3 \
         WHERE athlete_id = ?1 AND key_id = ?2 AND coalesce(last_used_on < ?3, 1)",
        [Param::text(athlete_id), key_id.into(), Param::text(day)],
    );
    database.batch(vec![update]).await.map(drop)
}

/// Checks that a key is live and has the scope.
pub async fn check_live(database: &dyn Database, proof: &KeyProof) -> Guarded<()> {
    with_key(database, proof, Vec::new()).await.map(drop)
}

/// Runs statements in one round trip and returns their results if the key is live and has the scope.
/// The check does not stop a write: each statement that writes contains [`live_key`] itself.
pub(crate) async fn with_key(
    database: &dyn Database,
    proof: &KeyProof,
    statements: Vec<Statement>,
) -> Guarded<Results> {
    let check = proof.statement(
        concat!("SELECT ", has_scope!(), " AS has_scope FROM api_keys WHERE ", is_live!()),
        [],
    );
    let batch = [check].into_iter().chain(statements).collect();
    let mut results = Results::new(database.batch(batch).await?);
    match results.value::<i64>()? {
        None => Err(Rejection::Unauthorized),
        Some(0) => Err(Rejection::Forbidden),
        Some(_) => Ok(results),
    }
}

/// Returns the rows of one query.
pub(crate) async fn rows_with_key<T: DeserializeOwned>(
    database: &dyn Database,
    proof: &KeyProof,
    select: Statement,
) -> Guarded<Vec<T>> {
    Ok(with_key(database, proof, vec![select]).await?.rows()?)
}

/// Runs one SELECT of a live key that names a page.
pub(crate) async fn page_with_key<T: DeserializeOwned>(
    database: &dyn Database,
    proof: &KeyProof,
    select: Statement,
) -> Guarded<Page<T>> {
    Ok(with_key(database, proof, vec![select]).await?.page()?)
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

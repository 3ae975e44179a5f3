//! Body weights by the athlete's local day from which they hold. The last one known on the day of a
//! workout counts when the workout is saved.

use crate::database::{Database, Param, Statement};
use crate::guard::{Guarded, Rejection};
use crate::keys::{KeyProof, live_key, rows_with_key, with_key, write_with_key};
use chrono::NaiveDate;
use serde::Deserialize;
use training::Grams;

/// A body weight with its day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct BodyWeight {
    pub day: NaiveDate,
    /// `None`: not known from this day on.
    pub grams: Option<Grams>,
}

macro_rules! upsert {
    () => {
        concat!(
            "INSERT INTO body_weights (athlete_id, day, grams) SELECT ?1, ?4, ?5 WHERE ",
            live_key!()
        )
    };
}

macro_rules! replace {
    () => {
        " ON CONFLICT (athlete_id, day) DO UPDATE SET grams = excluded.grams"
    };
}

impl BodyWeight {
    /// Returns the weight as parameters 4 and 5.
    fn params(self) -> [Param; 2] {
        [Param::text(self.day), self.grams.map(|grams| grams.0).into()]
    }

    /// Returns the statement that stores this weight, unless it is already the last one known on its
    /// day: a profile that is sent back unchanged adds no day.
    pub(crate) fn upsert_if_new(self, proof: &KeyProof) -> Statement {
        proof.statement(
            concat!(
                upsert!(),
                " AND (SELECT grams FROM body_weights WHERE athlete_id = ?1 AND day <= ?4 \
                 ORDER BY day DESC LIMIT 1) IS NOT ?5",
                replace!()
            ),
            self.params(),
        )
    }
}

/// Returns the weights of the days from `from` to `to`, the earliest first.
pub async fn list(
    database: &dyn Database,
    proof: &KeyProof,
    from: NaiveDate,
    to: NaiveDate,
) -> Guarded<Vec<BodyWeight>> {
    let select = proof.statement(
        "SELECT day, grams FROM body_weights WHERE athlete_id = ?1 AND day BETWEEN ?4 AND ?5 \
         ORDER BY day",
        [Param::text(from), Param::text(to)],
    );
    rows_with_key(database, proof, select).await
}

/// Returns the weight of a day. A day without one is [`Rejection::NotFound`].
pub async fn get(database: &dyn Database, proof: &KeyProof, day: NaiveDate) -> Guarded<BodyWeight> {
    let weights = list(database, proof, day, day).await?;
    weights.into_iter().next().ok_or(Rejection::NotFound)
}

/// Stores the weight of a day, or replaces it.
pub async fn put(database: &dyn Database, proof: &KeyProof, weight: BodyWeight) -> Guarded<()> {
    let upsert = proof.statement(concat!(upsert!(), replace!()), weight.params());
    with_key(database, proof, vec![upsert]).await.map(drop)
}

/// Deletes the weight of a day.
pub async fn delete(database: &dyn Database, proof: &KeyProof, day: NaiveDate) -> Guarded<()> {
    let delete = proof.statement(
        concat!(
            "DELETE FROM body_weights WHERE athlete_id = ?1 AND day = ?4 AND ",
            live_key!(),
            " RETURNING day"
        ),
        [Param::text(day)],
    );
    write_with_key(database, proof, delete).await
}

//! Athletes, their keys and their preferences.

use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::json_text;
use crate::keys::{KeyProof, is_live, live_key, rows_with_key, with_key};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shared_kernel::AthleteId;
use training::Grams;
use training::landmarks::OwnLandmarks;

/// An athlete's profile.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Profile {
    /// Who.
    pub athlete_id: AthleteId,
    /// What to call them.
    pub display_name: String,
    /// Where mail goes; none is sent without it.
    pub email: Option<String>,
    /// The units in which an app should show mass.
    pub units: Units,
    /// The body weight that counts for body-weight lifts.
    pub body_weight_grams: Option<Grams>,
    /// A pattern at least so sure is mailed, 0 to 1.
    pub email_threshold: f64,
    /// What the athlete puts in place of the landmarks of the listing.
    #[serde(with = "json_text")]
    pub landmarks: OwnLandmarks,
}

macro_rules! columns {
    () => {
        "athlete_id, display_name, email, units, body_weight_grams, email_threshold, landmarks"
    };
}

/// Units of mass for display.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Units {
    /// Kilograms.
    Kg,
    /// Pounds.
    Lb,
}

impl Units {
    /// The wire name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kg => "kg",
            Self::Lb => "lb",
        }
    }
}

/// A new athlete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAthlete {
    /// What to call them.
    pub display_name: String,
    /// Where mail goes.
    pub email: Option<String>,
}

const INSERT_KEY: &str = "INSERT INTO api_keys (athlete_id, key_id, secret_hash, created_at_ms) \
     SELECT athlete_id, ?2, ?3, ?4 FROM athletes WHERE athlete_id = ?1 RETURNING key_id";

/// Stores a new athlete with a first key.
pub async fn create(
    database: &dyn Database,
    athlete: &NewAthlete,
    key: &KeyProof,
    now_ms: i64,
) -> Result<(), DatabaseError> {
    let insert = Statement::new(
        "INSERT INTO athletes (athlete_id, display_name, email, created_at_ms) \
         VALUES (?1, ?2, ?3, ?4)",
        [
            Param::text(key.athlete_id),
            Param::text(&athlete.display_name),
            athlete.email.as_deref().into(),
            now_ms.into(),
        ],
    );
    let insert_key = key.statement(INSERT_KEY, [now_ms.into()]);
    database.batch(vec![insert, insert_key]).await.map(drop)
}

/// Stores a further key. `false`: there is no such athlete.
pub async fn add_key(
    database: &dyn Database,
    key: &KeyProof,
    now_ms: i64,
) -> Result<bool, DatabaseError> {
    let results = database.batch(vec![key.statement(INSERT_KEY, [now_ms.into()])]).await?;
    Ok(results.iter().any(|result| !result.is_empty()))
}

/// Revokes a key at once. `false`: there is no such live key.
pub async fn revoke_key(
    database: &dyn Database,
    athlete_id: AthleteId,
    key_id: &str,
    now_ms: i64,
) -> Result<bool, DatabaseError> {
    let revoke = Statement::new(
        "UPDATE api_keys SET revoked_at_ms = ?3 \
         WHERE athlete_id = ?1 AND key_id = ?2 AND revoked_at_ms IS NULL RETURNING key_id",
        [Param::text(athlete_id), key_id.into(), now_ms.into()],
    );
    let results = database.batch(vec![revoke]).await?;
    Ok(results.iter().any(|result| !result.is_empty()))
}

/// The profile of the key's athlete. `None`: the key is not live.
pub async fn profile(
    database: &dyn Database,
    proof: &KeyProof,
) -> Result<Option<Profile>, DatabaseError> {
    let select = Statement::new(
        concat!("SELECT ", columns!(), " FROM athletes WHERE athlete_id = ?1"),
        [Param::text(proof.athlete_id)],
    );
    let rows = rows_with_key(database, proof, select).await?;
    Ok(rows.and_then(|rows| rows.into_iter().next()))
}

/// A change of a profile: what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProfileChange {
    /// A new name.
    pub display_name: Option<String>,
    /// A new address, or none any more.
    pub email: Option<Option<String>>,
    /// Other units.
    pub units: Option<Units>,
    /// A new body weight, or none any more.
    pub body_weight_grams: Option<Option<Grams>>,
    /// Another limit for mail.
    pub email_threshold: Option<f64>,
    /// Other landmarks of the athlete's own, all of them.
    pub landmarks: Option<OwnLandmarks>,
}

/// Changes a profile and answers it as it then is. A new body weight counts from `today` on.
/// `None`: the key is not live.
pub async fn change_profile(
    database: &dyn Database,
    proof: &KeyProof,
    change: &ProfileChange,
    today: NaiveDate,
) -> Result<Option<Profile>, DatabaseError> {
    let body_weight = change.body_weight_grams.flatten().map(|grams| grams.0);
    let update = proof.statement(
        concat!(
            "UPDATE athletes SET display_name = coalesce(?4, display_name), ",
            "email = iif(?5, ?6, email), units = coalesce(?7, units), ",
            "body_weight_grams = iif(?8, ?9, body_weight_grams), ",
            "email_threshold = coalesce(?10, email_threshold), ",
            "landmarks = coalesce(?11, landmarks) WHERE athlete_id = ?1 AND ",
            live_key!(),
            " RETURNING ",
            columns!()
        ),
        [
            change.display_name.as_deref().into(),
            i64::from(change.email.is_some()).into(),
            change.email.clone().flatten().as_deref().into(),
            change.units.map(Units::as_str).into(),
            i64::from(change.body_weight_grams.is_some()).into(),
            body_weight.into(),
            change.email_threshold.into(),
            change.landmarks.as_ref().map(Param::json).transpose()?.unwrap_or(Param::Null),
        ],
    );
    let mut statements = vec![update];
    if change.body_weight_grams.is_some() {
        statements.push(proof.statement(
            concat!(
                "INSERT INTO body_weights (athlete_id, day, grams) SELECT ?1, ?4, ?5 WHERE ",
                live_key!(),
                " ON CONFLICT (athlete_id, day) DO UPDATE SET grams = excluded.grams"
            ),
            [Param::text(today), body_weight.into()],
        ));
    }
    let Some(results) = with_key(database, proof, statements).await? else {
        return Ok(None);
    };
    Ok(Results::new(results).rows()?.into_iter().next())
}

/// Deletes the key's athlete and all that is theirs, in every table: whatever names the athlete
/// goes with the row, and their dead letters too. What is under way of theirs is dropped where it
/// arrives. `false`: the key is not live.
pub async fn delete(
    database: &dyn Database,
    operators: &dyn Database,
    proof: &KeyProof,
    now_ms: i64,
) -> Result<bool, DatabaseError> {
    if !is_live(database, proof).await? {
        return Ok(false);
    }
    // First the operators' tables: a crash between the two leaves an athlete whose key still works,
    // and who deletes once more.
    let athlete = Param::text(proof.athlete_id);
    let tombstone = Statement::new(
        "INSERT INTO deleted_athletes (athlete_id, deleted_at_ms) VALUES (?1, ?2) \
         ON CONFLICT DO NOTHING",
        [athlete.clone(), now_ms.into()],
    );
    let letters = Statement::new("DELETE FROM dead_letters WHERE athlete_id = ?1", [athlete]);
    operators.batch(vec![tombstone, letters]).await?;
    let delete = proof
        .statement(concat!("DELETE FROM athletes WHERE athlete_id = ?1 AND ", live_key!()), []);
    database.batch(vec![delete]).await?;
    Ok(true)
}

//! The confirmation of e-mail addresses. Only a confirmed address gets more than the link that confirms it.
//!
//! Limits without a source are project defaults.

use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::guard::{Conflict, Guarded, Rejection};
use crate::keys::{KeyProof, live_key, with_key};
use chrono::NaiveDate;
use serde::Deserialize;
use shared_kernel::AthleteId;

/// Links that an athlete can request on a UTC day, at most: the address may be another person's.
pub const LINKS_A_DAY_MAX: i64 = 5;

#[derive(Deserialize)]
struct AddressRow {
    email: Option<String>,
    is_confirmed: i64,
}

/// Counts a request for a link to the athlete's address, and returns the address. Returns `None` when the
/// athlete has requested the most links of the day.
pub async fn request_link(
    database: &dyn Database,
    proof: &KeyProof,
    today: NaiveDate,
) -> Guarded<Option<String>> {
    let count = proof.statement(
        concat!(
            "UPDATE athletes SET confirmation_day = ?4, \
             confirmation_links = iif(confirmation_day = ?4, confirmation_links, 0) + 1 \
             WHERE athlete_id = ?1 AND email IS NOT NULL AND NOT email_confirmed \
             AND NOT (confirmation_day = ?4 AND confirmation_links >= ?5) AND ",
            live_key!(),
            " RETURNING email"
        ),
        [Param::text(today), LINKS_A_DAY_MAX.into()],
    );
    let select = select_address(proof.athlete_id);
    let mut results = with_key(database, proof, vec![count, select]).await?;
    if let Some(email) = results.value()? {
        return Ok(Some(email));
    }
    let row: AddressRow = results.first()?.ok_or(Rejection::NotFound)?;
    match row.email {
        None => Err(Conflict::NoEmail.into()),
        Some(_) if row.is_confirmed != 0 => Err(Conflict::EmailConfirmed.into()),
        Some(_) => Ok(None),
    }
}

/// Returns the address of an athlete that exists and has one.
pub async fn address(
    database: &dyn Database,
    athlete_id: AthleteId,
) -> Result<Option<String>, DatabaseError> {
    let results = database.batch(vec![select_address(athlete_id)]).await?;
    Ok(Results::new(results).first::<AddressRow>()?.and_then(|row| row.email))
}

fn select_address(athlete_id: AthleteId) -> Statement {
    Statement::new(
        "SELECT email, email_confirmed AS is_confirmed FROM athletes WHERE athlete_id = ?1",
        [Param::text(athlete_id)],
    )
}

/// Confirms an address, if it is the athlete's. The caller has checked the token of a link, or is an
/// operator who vouches for it; no key is needed.
pub async fn confirm(database: &dyn Database, athlete_id: AthleteId, email: &str) -> Guarded<()> {
    let update = Statement::new(
        "UPDATE athletes SET email_confirmed = 1 WHERE athlete_id = ?1 AND email = ?2 \
         RETURNING athlete_id",
        [Param::text(athlete_id), email.into()],
    );
    let confirmed = Results::new(database.batch(vec![update]).await?).has_rows()?;
    if confirmed { Ok(()) } else { Err(Rejection::NotFound) }
}

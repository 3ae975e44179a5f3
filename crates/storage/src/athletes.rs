//! Athletes and their preferences.

use crate::body_weights::BodyWeight;
use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::guard::{Guarded, Rejection};
use crate::json_text;
use crate::keys::{KeyProof, NewKey, live_key, rows_with_key, with_key};
use crate::sql::query;
use chrono::{DateTime, NaiveDate};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use shared_kernel::{AthleteId, Channel, ChannelPreferences, NotificationKind, QuietHours};
use training::landmarks::LandmarkOverrides;
use training::{Grams, Units};

/// An athlete's profile.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Profile {
    pub athlete_id: AthleteId,
    pub display_name: String,
    pub email: Option<String>,
    /// Whether the address may get more than the link that confirms it.
    #[serde(with = "json_text")]
    pub email_confirmed: bool,
    pub units: Units,
    /// The last ones known on the latest day of any time zone, the newest first.
    #[serde(with = "json_text")]
    body_weights: Vec<BodyWeight>,
    /// The least confidence of a pattern that is e-mailed, 0 to 1.
    pub email_threshold: f64,
    #[serde(with = "json_text")]
    pub landmarks: LandmarkOverrides,
    #[serde(with = "json_text")]
    pub channels: ChannelPreferences,
    /// Of the IANA database.
    pub time_zone: String,
    #[serde(deserialize_with = "json_text::optional")]
    pub quiet_hours: Option<QuietHours>,
    pub daily_mail_limit: i64,
}

impl Profile {
    /// Returns the body weight that is known on a day: the athlete's today.
    pub fn body_weight_on(&self, day: NaiveDate) -> Option<Grams> {
        self.body_weights.iter().find(|weight| weight.day <= day)?.grams
    }
}

/// The choice of an athlete for numbers and times without a unit or a zone; `None` is the default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct ChosenUnits {
    pub units: Option<Units>,
    /// Of the IANA database.
    pub time_zone: Option<String>,
}

/// Selects the [`ChosenUnits`] of an athlete.
pub(crate) fn select_chosen(proof: &KeyProof) -> Statement {
    let sql = "SELECT units, time_zone FROM athletes WHERE athlete_id = ?1";
    Statement::new(sql, [Param::text(proof.athlete_id)])
}

fn select_profile(proof: &KeyProof) -> Result<Statement, DatabaseError> {
    let day = DateTime::from_timestamp_millis(proof.now_ms).unwrap_or_default().date_naive();
    let day = ("day", Param::text(day));
    query!("athletes/profile.sql").bind(proof.named().into_iter().chain([day]))
}

/// A new athlete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAthlete {
    pub display_name: String,
    pub email: Option<String>,
    /// Whether an operator vouches for the address.
    pub email_confirmed: bool,
}

/// Stores a new athlete with a first key.
pub async fn create(
    database: &dyn Database,
    athlete: &NewAthlete,
    key: &NewKey,
    now_ms: i64,
) -> Result<(), DatabaseError> {
    let insert = Statement::new(
        "INSERT INTO athletes (athlete_id, display_name, email, email_confirmed, created_at_ms) \
         VALUES (?1, ?2, ?3, ?4, ?5)",
        [
            Param::text(key.athlete_id),
            Param::text(&athlete.display_name),
            athlete.email.as_deref().into(),
            i64::from(athlete.email_confirmed && athlete.email.is_some()).into(),
            now_ms.into(),
        ],
    );
    database.batch(vec![insert, key.insert(now_ms)?]).await.map(drop)
}

/// Runs one write that needs no key; [`Rejection::NotFound`] if it changed no row.
async fn change(database: &dyn Database, write: Statement) -> Guarded<()> {
    let changed = Results::new(database.batch(vec![write]).await?).has_rows()?;
    if changed { Ok(()) } else { Err(Rejection::NotFound) }
}

/// Returns the profile of the key's athlete.
pub async fn profile(database: &dyn Database, proof: &KeyProof) -> Guarded<Profile> {
    let rows = rows_with_key(database, proof, select_profile(proof)?).await?;
    rows.into_iter().next().ok_or(Rejection::Unauthorized)
}

/// A change of a profile. `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProfileChange {
    pub display_name: Option<String>,
    /// `Some(None)` removes it, as in the other nested options. Another address is not confirmed.
    pub email: Option<Option<String>>,
    pub units: Option<Units>,
    /// A weight of the athlete's today.
    pub body_weight: Option<BodyWeight>,
    pub email_threshold: Option<f64>,
    /// Replaces all of them.
    pub landmarks: Option<LandmarkOverrides>,
    pub channels: ChannelsChange,
    pub time_zone: Option<String>,
    pub quiet_hours: Option<Option<QuietHours>>,
    pub daily_mail_limit: Option<i64>,
}

/// A change of the notification preferences.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChannelsChange {
    /// Whether all older choices are dropped first.
    pub from_defaults: bool,
    /// Kinds that return to their defaults first, if all their channels are off.
    pub unmute: Vec<NotificationKind>,
    /// Merged onto the choices; null removes one (RFC 7396).
    pub patch: Map<String, Value>,
}

impl ChannelsChange {
    /// The kinds of `unmute`, each with its default for e-mail: `{"new_record": false}`. The other
    /// channels are on by default.
    fn unmute_parameter(&self) -> Map<String, Value> {
        let email = |kind: &NotificationKind| Value::from(Channel::Email.is_default_for(*kind));
        self.unmute.iter().map(|kind| (kind.as_str().to_owned(), email(kind))).collect()
    }
}

/// Changes a profile and returns the changed one.
pub async fn change_profile(
    database: &dyn Database,
    proof: &KeyProof,
    change: &ProfileChange,
) -> Guarded<Profile> {
    let update = query!("athletes/change.sql").bind(proof.named().into_iter().chain([
        ("display_name", change.display_name.as_deref().into()),
        ("changes_email", i64::from(change.email.is_some()).into()),
        ("email", change.email.clone().flatten().as_deref().into()),
        ("units", change.units.map(Units::as_str).into()),
        ("email_threshold", change.email_threshold.into()),
        ("landmarks", optional_json(change.landmarks.as_ref())?),
        ("from_defaults", i64::from(change.channels.from_defaults).into()),
        ("channels", Param::json(&change.channels.patch)?),
        ("unmuted", Param::json(&change.channels.unmute_parameter())?),
        ("time_zone", change.time_zone.as_deref().into()),
        ("changes_quiet_hours", i64::from(change.quiet_hours.is_some()).into()),
        ("quiet_hours", optional_json(change.quiet_hours.flatten().as_ref())?),
        ("daily_mail_limit", change.daily_mail_limit.into()),
    ]))?;
    let weight = change.body_weight.map(|weight| weight.upsert_if_new(proof));
    let writes = 1 + usize::from(weight.is_some());
    let statements = [update].into_iter().chain(weight).chain([select_profile(proof)?]).collect();
    let mut results = with_key(database, proof, statements).await?;
    results.skip(writes);
    results.first()?.ok_or(Rejection::Unauthorized)
}

fn optional_json(value: Option<&impl Serialize>) -> Result<Param, DatabaseError> {
    value.map_or(Ok(Param::Null), Param::json)
}

/// Whether the athlete exists.
pub async fn exists(database: &dyn Database, athlete_id: AthleteId) -> Result<bool, DatabaseError> {
    let select = Statement::new(
        "SELECT 1 AS found FROM athletes WHERE athlete_id = ?1",
        [Param::text(athlete_id)],
    );
    Results::new(database.batch(vec![select]).await?).has_rows()
}

/// Switches e-mail of a kind off for an athlete. The caller has checked the token of an unsubscribe
/// link; no key is needed.
pub async fn disable_emails(
    database: &dyn Database,
    athlete_id: AthleteId,
    kind: NotificationKind,
) -> Guarded<()> {
    let patch = json!({ kind.as_str(): { Channel::Email.as_str(): false } });
    let update = Statement::new(
        "UPDATE athletes SET channels = json_patch(channels, ?2) WHERE athlete_id = ?1 \
         RETURNING athlete_id",
        [Param::text(athlete_id), Param::json(&patch)?],
    );
    change(database, update).await
}

/// Deletes the key's athlete with all rows in every table, and stores the athlete's tombstone in the
/// same transaction (see [`crate::deleted_athletes`]). Messages of the athlete that are still in a queue
/// are dropped on arrival.
pub async fn delete(database: &dyn Database, proof: &KeyProof, now_ms: i64) -> Guarded<()> {
    let tombstone = proof.statement(
        concat!(
            "INSERT INTO deleted_athletes (athlete_id, deleted_at_ms) SELECT ?1, ?4 WHERE ",
            live_key!(),
            " ON CONFLICT DO NOTHING"
        ),
        [now_ms.into()],
    );
    let delete = proof
        .statement(concat!("DELETE FROM athletes WHERE athlete_id = ?1 AND ", live_key!()), []);
    with_key(database, proof, vec![tombstone, delete]).await.map(drop)
}

//! GET, PUT, DELETE /v1/me: the athlete's profile and account.

use crate::app::App;
use crate::call::AthleteCall;
use crate::error::{ApiError, ApiResult};
use crate::extract::Json;
use crate::reply::{NoContent, Reply};
use chrono::NaiveDate;
use contract::channels::{ChannelChoices, all_channels, muted_kinds};
use contract::me::{LandmarkSets, Profile, ProfileChange};
use contract::{FieldCode, FieldError, Problem};
use serde_json::{Map, Value};
use shared_kernel::{Channel, NotificationKind};
use storage::athletes::{self, ChannelsChange};
use storage::body_weights::BodyWeight;
use storage::deleted_athletes;
use training::Grams;

/// GET /v1/me.
pub async fn get(call: AthleteCall, (): ()) -> ApiResult<Reply<Profile>> {
    Ok(to_reply(&call.app, athletes::profile(call.database(), &call.key).await?))
}

/// PUT /v1/me: changes the given fields of the profile.
///
/// 1. read (await) the time zone, if there is a body weight and no zone with it: the weight holds from
///    the athlete's today;
/// 2. change (await) the profile. A retry changes nothing.
pub async fn put(
    call: AthleteCall,
    Json(change): Json<ProfileChange>,
) -> ApiResult<Reply<Profile>> {
    let (app, database) = (&call.app, call.database());
    if let Some(zone) = &change.time_zone {
        require_zone(app, zone)?;
    }
    let body_weight = match change.body_weight_kg {
        None => None,
        Some(kg) => {
            let zone = match &change.time_zone {
                Some(zone) => zone.clone(),
                None => athletes::profile(database, &call.key).await?.time_zone,
            };
            Some(BodyWeight { day: today(app, &zone), grams: kg.map(Grams::from_kg) })
        }
    };
    let change = athletes::ProfileChange {
        channels: channels_change(&change),
        landmarks: change.landmark_overrides(),
        display_name: change.display_name,
        email: change.email,
        units: change.units,
        body_weight,
        email_threshold: change.email_threshold,
        time_zone: change.time_zone,
        quiet_hours: change.quiet_hours,
        daily_mail_limit: change.daily_mail_limit.map(i64::from),
    };
    Ok(to_reply(app, athletes::change_profile(database, &call.key, &change).await?))
}

/// DELETE /v1/me: deletes the athlete with all data and keys. It cannot be undone.
///
/// 1. delete (await) the athlete's rows. A repeat has no live key;
/// 2. delete (awaits) the athlete's dead letters, in the operators' database. If it is unavailable, the
///    sweep deletes them.
pub async fn delete(call: AthleteCall, (): ()) -> ApiResult<NoContent> {
    let (database, operators) = (call.database(), call.app.shards.operators());
    let now_ms = call.app.clock.now_ms();
    athletes::delete(database, &call.key, now_ms).await?;
    if let Err(error) = deleted_athletes::copy(database, operators, now_ms).await {
        tracing::warn!(worker = "api", %error, "the sweep deletes the athlete's dead letters");
    }
    Ok(NoContent)
}

/// Requires a zone of the IANA database that the runtime has.
fn require_zone(app: &App, zone: &str) -> ApiResult<()> {
    if app.time_zones.offset_at_instant(zone, app.clock.now()).is_some() {
        return Ok(());
    }
    let detail = "must be a zone of the IANA database, such as Europe/Berlin";
    let error = FieldError::at("/time_zone", FieldCode::InvalidValue, detail);
    Err(ApiError::from(Problem::invalid([error])))
}

/// The athlete's day. A zone that the runtime no longer has counts as UTC.
fn today(app: &App, zone: &str) -> NaiveDate {
    let now = app.clock.now();
    let offset = app.time_zones.offset_at_instant(zone, now);
    offset.map_or(now.date_naive(), |offset| now.with_timezone(&offset).date_naive())
}

/// The stored form of the changes: a choice that equals the default is null.
fn channels_change(change: &ProfileChange) -> ChannelsChange {
    let choices = change.notifications.iter().flatten().flatten();
    let choices = choices.filter_map(|(name, choices)| {
        let kind = NotificationKind::parse(name)?;
        let choices = choices.as_ref().map_or(Value::Null, |choices| chosen(kind, *choices));
        Some((name.clone(), choices))
    });
    let mut patch: Map<_, _> = choices.collect();
    let mut unmute = Vec::new();
    if let Some(muted) = &change.muted_kinds {
        for kind in NotificationKind::all() {
            if muted.iter().any(|name| name == kind.as_str()) {
                let off = Some(Some(false));
                let all_off = ChannelChoices { in_app: off, email: off, webhook: off };
                patch.insert(kind.as_str().to_owned(), chosen(kind, all_off));
            } else {
                unmute.push(kind);
            }
        }
    }
    let from_defaults = matches!(change.notifications, Some(None));
    ChannelsChange { from_defaults, unmute, patch }
}

fn chosen(kind: NotificationKind, choices: ChannelChoices) -> Value {
    let channels = Channel::ALL.into_iter().filter_map(|channel| {
        let choice = choices.get(channel)?.filter(|is_on| *is_on != channel.is_default_for(kind));
        Some((channel.as_str().to_owned(), choice.map_or(Value::Null, Value::Bool)))
    });
    Value::Object(channels.collect())
}

fn to_reply(app: &App, profile: athletes::Profile) -> Reply<Profile> {
    let body_weight = profile.body_weight_on(today(app, &profile.time_zone));
    let landmarks = profile.landmarks.0.iter();
    Reply::new(Profile {
        athlete_id: profile.athlete_id,
        body_weight_kg: body_weight.map(Grams::kg),
        landmarks: landmarks.map(|(muscle, marks)| (*muscle, LandmarkSets::of(marks))).collect(),
        notifications: all_channels(&profile.channels),
        muted_kinds: muted_kinds(&profile.channels),
        display_name: profile.display_name,
        email: profile.email,
        email_confirmed: profile.email_confirmed,
        units: profile.units,
        email_threshold: profile.email_threshold,
        time_zone: profile.time_zone,
        quiet_hours: profile.quiet_hours,
        daily_mail_limit: profile.daily_mail_limit,
    })
}

//! GET, PUT /v1/me: the athlete's profile.

use crate::app::{App, Call};
use crate::error::ApiError;
use crate::input::{Errors, Fields, json_body};
use platform::http::{Response, StatusCode, json};
use serde::Deserialize;
use serde_json::{Value, json};
use storage::KeyProof;
use storage::athletes::{self, NewAthlete, Profile, ProfileChange, Units};
use training::Grams;
use training::limits::WEIGHT_MAX;

/// The longest name of an athlete (ours).
const NAME_CHARS_MAX: usize = 200;
/// The longest mail address (RFC 5321, 4.5.3.1.3).
const EMAIL_BYTES_MAX: usize = 254;

/// The profile.
pub async fn get(app: &App, key: &KeyProof) -> Result<Response, ApiError> {
    let database = app.shards.for_athlete(key.athlete_id);
    answer(athletes::profile(database, key).await?)
}

/// Changes the profile. A field that is not there stays as it is; null takes an optional one away.
pub async fn put(app: &App, call: &Call<'_>, key: &KeyProof) -> Result<Response, ApiError> {
    let change = parse_change(&json_body(call.request)?)?;
    let database = app.shards.for_athlete(key.athlete_id);
    answer(athletes::change_profile(database, key, &change).await?)
}

/// A new athlete, as an operator enters one.
pub fn parse_new(body: &Value) -> Result<NewAthlete, ApiError> {
    let errors = Errors::default();
    let new = Fields::of(body, "", &["display_name", "email"], &errors).and_then(|fields| {
        fields.require("display_name");
        let email = email(&fields);
        display_name(&fields).map(|display_name| NewAthlete { display_name, email })
    });
    errors.finish(new)
}

fn parse_change(body: &Value) -> Result<ProfileChange, ApiError> {
    let errors = Errors::default();
    let known = ["display_name", "email", "units", "body_weight_kg", "email_threshold"];
    let change = Fields::of(body, "", &known, &errors).map(|fields| {
        for name in ["display_name", "units", "email_threshold"] {
            if fields.has(name) {
                fields.require(name);
            }
        }
        let body_weight = fields.number("body_weight_kg", 0.0, WEIGHT_MAX.kg());
        ProfileChange {
            display_name: display_name(&fields),
            email: fields.has("email").then(|| email(&fields)),
            units: units(&fields),
            body_weight_grams: fields
                .has("body_weight_kg")
                .then(|| body_weight.map(Grams::from_kg)),
            email_threshold: fields.number("email_threshold", 0.0, 1.0),
        }
    });
    errors.finish(change)
}

fn display_name(fields: &Fields<'_>) -> Option<String> {
    let name = fields.text("display_name")?;
    let printable = !name.trim().is_empty() && !name.chars().any(char::is_control);
    if !printable || name.chars().count() > NAME_CHARS_MAX {
        fields.refuse("display_name", "has to be a line of 1 to 200 characters");
        return None;
    }
    Some(name)
}

/// Something at something: whether mail arrives there only mail can tell.
fn email(fields: &Fields<'_>) -> Option<String> {
    let address = fields.text("email")?;
    let parts = address.split_once('@');
    let shaped = parts.is_some_and(|(name, domain)| {
        !name.is_empty() && domain.contains('.') && !domain.contains('@')
    });
    let plain =
        address.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>,;:\"()[]\\".contains(&byte));
    if !shaped || !plain || address.len() > EMAIL_BYTES_MAX {
        fields.refuse("email", "has to be a mail address");
        return None;
    }
    Some(address)
}

fn units(fields: &Fields<'_>) -> Option<Units> {
    let units = Units::deserialize(fields.get("units")?).ok();
    if units.is_none() {
        fields.refuse("units", "has to be kg or lb");
    }
    units
}

fn answer(profile: Option<Profile>) -> Result<Response, ApiError> {
    let profile = profile.ok_or(ApiError::Unauthorized)?;
    let body = json!({
        "athlete_id": profile.athlete_id,
        "display_name": profile.display_name,
        "email": profile.email,
        "units": profile.units,
        "body_weight_kg": profile.body_weight_grams.map(Grams::kg),
        "email_threshold": profile.email_threshold,
    });
    Ok(json(StatusCode::OK, &body)?)
}

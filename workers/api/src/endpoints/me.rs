//! GET, PUT, DELETE /v1/me: the athlete's profile and account.
//!
//! Thresholds without a source are project defaults.

use crate::app::App;
use crate::call::Call;
use crate::channels;
use crate::error::ApiResult;
use crate::input::{Errors, Fields, json_body};
use chrono::NaiveDate;
use platform::http::{StatusCode, empty, json};
use serde::Deserialize;
use serde_json::{Value, json};
use shared_kernel::is_email_address;
use storage::KeyProof;
use storage::athletes::{self, NewAthlete, Profile, ProfileChange, Units};
use storage::body_weights::BodyWeight;
use storage::quiet_hours::{QuietHours, QuietHoursError};
use training::landmarks::{LandmarkOverride, LandmarkOverrides};
use training::limits::WEIGHT_MAX;
use training::{Grams, HalfSets, Muscle};

/// The longest name of an athlete.
const NAME_CHARS_MAX: usize = 200;
/// The highest landmark, in hard sets per week: more than athletes do.
const LANDMARK_SETS_MAX: f64 = 100.0;
/// The highest daily email limit; the database has the same bound.
const MAILS_A_DAY_MAX: u32 = 100;

/// Returns the profile.
pub async fn get(app: &App, key: &KeyProof) -> ApiResult {
    to_response(app, &athletes::profile(app.database(key), key).await?)
}

/// Changes the profile. An absent field stays unchanged; null removes an optional one.
///
/// 1. read (await) the time zone, if there is a body weight and no zone with it: the weight holds from
///    the athlete's today;
/// 2. change (await) the profile. A retry changes nothing.
pub async fn put(app: &App, call: &Call, key: &KeyProof) -> ApiResult {
    let mut change = parse_change(&json_body(&call.request)?, app)?;
    let database = app.database(key);
    if let Some(weight) = change.body_weight.as_mut() {
        let zone = match &change.time_zone {
            Some(zone) => zone.clone(),
            None => athletes::profile(database, key).await?.time_zone,
        };
        weight.day = today(app, &zone);
    }
    to_response(app, &athletes::change_profile(database, key, &change).await?)
}

/// The athlete's day. A zone that the runtime no longer has counts as UTC.
fn today(app: &App, zone: &str) -> NaiveDate {
    let now = app.clock.now();
    let offset = app.time_zones.offset_at_instant(zone, now);
    offset.map_or(now.date_naive(), |offset| now.with_timezone(&offset).date_naive())
}

/// Deletes the athlete with all data and keys. It cannot be undone.
pub async fn delete(app: &App, key: &KeyProof) -> ApiResult {
    let operators = app.shards.operators();
    athletes::delete(app.database(key), operators, key, app.clock.now_ms()).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// Parses a new athlete.
pub fn parse_new(body: &Value) -> ApiResult<NewAthlete> {
    let errors = Errors::default();
    let new = Fields::of(body, "", &["display_name", "email", "email_confirmed"], &errors)
        .and_then(|fields| {
            fields.require("display_name");
            let email = email(&fields);
            let email_confirmed = fields.flag("email_confirmed").unwrap_or(false);
            display_name(&fields).map(|display_name| NewAthlete {
                display_name,
                email,
                email_confirmed,
            })
        });
    errors.finish(new)
}

/// The fields of a profile that an athlete can change.
const CHANGEABLE: [&str; 11] = [
    "display_name",
    "email",
    "units",
    "body_weight_kg",
    "email_threshold",
    "landmarks",
    "notifications",
    "muted_kinds",
    "time_zone",
    "quiet_hours",
    "daily_mail_limit",
];
/// The changeable fields that cannot be null.
const REQUIRED: [&str; 6] =
    ["display_name", "units", "email_threshold", "muted_kinds", "time_zone", "daily_mail_limit"];

fn parse_change(body: &Value, app: &App) -> ApiResult<ProfileChange> {
    let errors = Errors::default();
    let change = Fields::of(body, "", &CHANGEABLE, &errors).map(|fields| {
        for name in REQUIRED.into_iter().filter(|name| fields.has(name)) {
            fields.require(name);
        }
        let body_weight = fields.number("body_weight_kg", 0.0, WEIGHT_MAX.kg());
        ProfileChange {
            display_name: display_name(&fields),
            email: fields.has("email").then(|| email(&fields)),
            units: fields.parse("units", "kg or lb", |value| Units::deserialize(value).ok()),
            body_weight: fields.has("body_weight_kg").then(|| BodyWeight {
                day: NaiveDate::default(),
                grams: body_weight.map(Grams::from_kg),
            }),
            email_threshold: fields.number("email_threshold", 0.0, 1.0),
            landmarks: fields.has("landmarks").then(|| landmarks(&fields, &errors)),
            channels: channels::parse(&fields, &errors),
            time_zone: time_zone(&fields, app),
            quiet_hours: fields.has("quiet_hours").then(|| quiet_hours(&fields, &errors)),
            daily_mail_limit: fields.integer("daily_mail_limit", MAILS_A_DAY_MAX).map(i64::from),
        }
    });
    errors.finish(change)
}

/// `{"chest": {"mev": 8, "mav": 16, "mrv": 22}}`: overrides of the default landmarks, in hard sets per
/// week, in halves. Null and `{}` restore the defaults.
fn landmarks(fields: &Fields<'_>, errors: &Errors) -> LandmarkOverrides {
    let mut overrides = LandmarkOverrides::default();
    let Some(value) = fields.get("landmarks") else {
        return overrides;
    };
    let names = Muscle::ALL.map(Muscle::as_str);
    let Some(muscles) = Fields::of(value, "/landmarks", &names, errors) else {
        return overrides;
    };
    for muscle in Muscle::ALL {
        let Some(value) = muscles.get(muscle.as_str()) else {
            continue;
        };
        let pointer = muscles.pointer(muscle.as_str());
        let known = ["mev", "mav", "mrv"];
        let Some(marks) = Fields::of(value, pointer.as_str(), &known, errors) else {
            continue;
        };
        let mark = |name| half_sets(&marks, name);
        let landmark = LandmarkOverride { mev: mark("mev"), mav: mark("mav"), mrv: mark("mrv") };
        overrides.0.insert(muscle, landmark);
        if !overrides.is_consistent(muscle) {
            errors.add(pointer, "must be in the order mev, mav, mrv, together with the defaults");
        }
    }
    overrides
}

fn half_sets(fields: &Fields<'_>, name: &str) -> Option<HalfSets> {
    let half_sets = HalfSets::from_sets(fields.number(name, 0.0, LANDMARK_SETS_MAX)?);
    if half_sets.is_none() {
        fields.reject(name, "must be a multiple of 0.5");
    }
    half_sets
}

fn landmarks_json(overrides: &LandmarkOverrides) -> Value {
    let sets = |half_sets: Option<HalfSets>| half_sets.map(HalfSets::sets);
    let muscles = overrides.0.iter().map(|(muscle, marks)| {
        let marks = [("mev", sets(marks.mev)), ("mav", sets(marks.mav)), ("mrv", sets(marks.mrv))];
        let marks =
            marks.into_iter().filter_map(|(name, sets)| Some((name.to_owned(), json!(sets?))));
        (muscle.as_str().to_owned(), Value::Object(marks.collect()))
    });
    Value::Object(muscles.collect())
}

/// A zone of the IANA database that the runtime has.
fn time_zone(fields: &Fields<'_>, app: &App) -> Option<String> {
    let zone = fields.text("time_zone")?;
    if app.time_zones.offset_at_instant(&zone, app.clock.now()).is_none() {
        fields.reject("time_zone", "must be a zone of the IANA database, such as Europe/Berlin");
        return None;
    }
    Some(zone)
}

/// `{"from": "22:00", "to": "07:00"}`; null removes them.
fn quiet_hours(fields: &Fields<'_>, errors: &Errors) -> Option<QuietHours> {
    let value = fields.get("quiet_hours")?;
    let hours = Fields::of(value, "/quiet_hours", &["from", "to"], errors)?;
    hours.require("from");
    hours.require("to");
    let (from, to) = (hours.text("from"), hours.text("to"));
    match QuietHours::parse(&from?, &to?) {
        Ok(quiet_hours) => Some(quiet_hours),
        Err(error) => {
            let field = match error {
                QuietHoursError::From => "from",
                QuietHoursError::To | QuietHoursError::Same => "to",
            };
            hours.reject(field, error.to_string());
            None
        }
    }
}

fn display_name(fields: &Fields<'_>) -> Option<String> {
    let name = fields.text("display_name")?;
    let is_printable = !name.trim().is_empty() && !name.chars().any(char::is_control);
    if !is_printable || name.chars().count() > NAME_CHARS_MAX {
        fields.reject("display_name", "must be one line of 1 to 200 characters");
        return None;
    }
    Some(name)
}

/// An address of the form `name@domain.tld`. Whether it receives email is not checked.
fn email(fields: &Fields<'_>) -> Option<String> {
    let address = fields.text("email")?;
    if !is_email_address(&address) {
        fields.reject("email", "must be an email address");
        return None;
    }
    Some(address)
}

fn to_response(app: &App, profile: &Profile) -> ApiResult {
    let body_weight = profile.body_weight_on(today(app, &profile.time_zone));
    let body = json!({
        "athlete_id": profile.athlete_id,
        "display_name": profile.display_name,
        "email": profile.email,
        "email_confirmed": profile.email_confirmed,
        "units": profile.units,
        "body_weight_kg": body_weight.map(Grams::kg),
        "email_threshold": profile.email_threshold,
        "landmarks": landmarks_json(&profile.landmarks),
        "notifications": channels::to_json(&profile.channels),
        "muted_kinds": channels::muted(&profile.channels),
        "time_zone": profile.time_zone,
        "quiet_hours": profile.quiet_hours,
        "daily_mail_limit": profile.daily_mail_limit,
    });
    Ok(json(StatusCode::OK, &body)?)
}

//! Parses the workouts and sets of request bodies, and renders stored workouts as responses.
//!
//! Thresholds without a source are project defaults.

use crate::error::{ApiResult, unknown_exercise};
use crate::input::{Errors, Fields};
use crate::preconditions::set_etag;
use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use platform::http::{FieldError, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use storage::workouts::StoredWorkout;
use training::limits::{
    DISTANCE_M_MAX, DURATION_S_MAX, EXERCISES_MAX, REPS_MAX, REST_S_MAX, SETS_MAX, WEIGHT_MAX,
};
use training::names::is_slug;
use training::units::GRAMS_PER_POUND;
use training::{Exercise, ExerciseEntry, Rpe, SetEntry, SetKind, Superset, Volume, Workout};

/// The furthest start of a workout in the future (public contract): clocks of phones are off, and
/// athletes plan ahead.
pub const AHEAD_MAX: TimeDelta = TimeDelta::hours(24);
/// The highest number of a set: more than a workout can ever have had.
const SET_ID_MAX: u32 = 1_000_000;
/// The longest name of a superset.
const SUPERSET_CHARS_MAX: usize = 40;

/// The parsed body of a POST or PUT.
pub struct ParsedWorkout {
    pub workout: Result<Workout, Vec<FieldError>>,
    /// The pointers and slugs of exercises outside the catalogue: they may be custom exercises.
    pub custom_slugs: Vec<(String, String)>,
}

/// Parses the body of a POST or PUT. New sets have no numbers yet.
pub fn parse_workout(body: &Value, now: DateTime<Utc>) -> ParsedWorkout {
    let errors = Errors::default();
    let workout = workout_at(body, "", now, &errors);
    // Imports may be empty: an export has the workouts that the sweep completed without a set.
    let empty = body["exercises"].as_array().is_some_and(Vec::is_empty);
    if empty && !body["ended_at"].is_null() {
        errors.add("/exercises", "must have an exercise when the workout is completed");
    }
    let custom_slugs = errors.custom_slugs();
    ParsedWorkout { workout: errors.into_result(workout), custom_slugs }
}

/// A set that is logged live, with its exercise.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedSet {
    pub exercise: String,
    /// The superset of the exercise when the set starts it.
    pub superset: Option<Superset>,
    pub set: SetEntry,
}

/// Parses the body of a POST of a set: the set's fields, and its exercise.
pub fn parse_logged_set(body: &Value, now: DateTime<Utc>) -> ApiResult<LoggedSet> {
    let errors = Errors::default();
    let known: Vec<_> = SET_FIELDS.iter().copied().chain(["exercise", "superset"]).collect();
    let logged = Fields::of(body, "", &known, &errors).and_then(|fields| {
        fields.require("exercise");
        let exercise = slug(&fields);
        let superset = superset(&fields);
        let set = set_of(&fields, now);
        Some(LoggedSet { exercise: exercise?, superset, set: set? })
    });
    errors.finish(logged)
}

/// Parses the body of a PUT of a set.
pub fn parse_set(body: &Value, now: DateTime<Utc>) -> ApiResult<SetEntry> {
    let errors = Errors::default();
    let parsed = set(body, "", now, &errors);
    errors.finish(parsed)
}

/// Parses the body of a completion and returns its `ended_at`.
pub fn parse_completion(
    body: &Value,
    started_at: DateTime<FixedOffset>,
    now: DateTime<Utc>,
) -> ApiResult<DateTime<FixedOffset>> {
    let errors = Errors::default();
    let ended_at = Fields::of(body, "", &["ended_at"], &errors).and_then(|fields| {
        fields.require("ended_at");
        let ended_at = fields.time("ended_at");
        check_end(&fields, started_at, ended_at, now);
        ended_at
    });
    errors.finish(ended_at)
}

/// The errors of unknown slugs, one for each pointer in the body.
pub fn unknown_exercises<'a>(
    custom_slugs: &'a [(String, String)],
    unknown: &'a BTreeSet<String>,
) -> impl Iterator<Item = FieldError> + 'a {
    custom_slugs.iter().filter(|(_, slug)| unknown.contains(slug)).map(|(pointer, slug)| {
        FieldError { pointer: pointer.clone(), detail: unknown_exercise(slug) }
    })
}

/// The response with a workout and its `ETag`.
pub fn to_response(status: StatusCode, stored: &StoredWorkout) -> ApiResult {
    let mut response = platform::http::json(status, &to_json(stored)?)?;
    set_etag(&mut response, stored.revision);
    Ok(response)
}

/// The JSON of a workout in responses: the document with id, revision, status and totals.
pub fn to_json(stored: &StoredWorkout) -> Result<Value, serde_json::Error> {
    let workout = stored.document()?;
    let exercises = workout.performed_exercises(&stored.own_exercises);
    let volume = Volume::of_workout(&exercises, stored.body_weight_grams);
    let mut body = serde_json::to_value(&workout)?;
    if let Value::Object(fields) = &mut body {
        fields.remove("last_set_id");
        fields.insert("id".to_owned(), json!(stored.workout_id));
        fields.insert("athlete_id".to_owned(), json!(stored.athlete_id));
        fields.insert("revision".to_owned(), json!(stored.revision));
        fields.insert("status".to_owned(), json!(stored.status));
        let totals = json!({
            "sets": volume.sets,
            "hard_sets": volume.hard_half_sets.sets(),
            "tonnage_kg": volume.tonnage_grams.kg(),
        });
        fields.insert("totals".to_owned(), totals);
    }
    Ok(body)
}

/// The fields of a workout that an athlete enters.
const WORKOUT_FIELDS: [&str; 6] =
    ["title", "notes", "started_at", "ended_at", "body_weight_kg", "exercises"];
/// The fields that responses add. A client may send them back; they are ignored.
const RESPONSE_FIELDS: [&str; 5] = ["id", "athlete_id", "revision", "status", "totals"];
/// The fields of a set.
const SET_FIELDS: [&str; 11] = [
    "id",
    "kind",
    "weight_kg",
    "weight_lb",
    "reps",
    "rpe",
    "rir",
    "duration_s",
    "distance_m",
    "rest_s",
    "performed_at",
];

/// Parses the workout at `pointer` of a body.
pub fn workout_at(
    value: &Value,
    pointer: &str,
    now: DateTime<Utc>,
    errors: &Errors,
) -> Option<Workout> {
    let known = [&WORKOUT_FIELDS[..], &RESPONSE_FIELDS[..]].concat();
    let fields = Fields::of(value, pointer, &known, errors)?;
    fields.require("started_at");
    fields.require("exercises");
    let started_at = fields.time("started_at");
    let ended_at = fields.time("ended_at");
    if let Some(started_at) = started_at {
        check_instant(&fields, "started_at", started_at, now);
        check_end(&fields, started_at, ended_at, now);
    }
    let (title, notes) = (fields.text("title"), fields.text("notes"));
    let body_weight_kg = fields.number("body_weight_kg", 0.0, WEIGHT_MAX.kg());
    let exercises = fields.get("exercises").and_then(|_| fields.list("exercises"))?;
    if exercises.len() > EXERCISES_MAX {
        fields.reject("exercises", format!("has more than {EXERCISES_MAX} exercises"));
        return None;
    }
    let exercises: Vec<_> =
        exercises.iter().map(|(pointer, value)| exercise(value, pointer, now, errors)).collect();
    let sets: usize = exercises.iter().flatten().map(|exercise| exercise.sets.len()).sum();
    if sets > SETS_MAX {
        fields.reject("exercises", format!("has {sets} sets, more than {SETS_MAX}"));
    }
    Some(Workout {
        title,
        notes,
        started_at: started_at?,
        ended_at,
        body_weight_kg,
        exercises: exercises.into_iter().collect::<Option<_>>()?,
        last_set_id: 0,
    })
}

fn check_end(
    fields: &Fields<'_>,
    started_at: DateTime<FixedOffset>,
    ended_at: Option<DateTime<FixedOffset>>,
    now: DateTime<Utc>,
) {
    if ended_at.is_some_and(|ended_at| ended_at < started_at) {
        fields.reject("ended_at", "is before started_at");
    } else if ended_at.is_some_and(|ended_at| ended_at > now + AHEAD_MAX * 2) {
        fields.reject("ended_at", "is more than 48 hours ahead");
    }
}

/// A slug. The database checks whether it is a custom exercise.
fn slug(fields: &Fields<'_>) -> Option<String> {
    let slug = fields.text("exercise")?;
    if !is_slug(&slug) {
        fields.reject("exercise", unknown_exercise(&slug));
        return None;
    }
    if Exercise::find(&slug).is_none() {
        fields.add_custom_slug("exercise", &slug);
    }
    Some(slug)
}

fn superset(fields: &Fields<'_>) -> Option<Superset> {
    fields.parse("superset", "an integer or a string of at most 40 characters", |value| {
        Superset::deserialize(value).ok().filter(|superset| match superset {
            Superset::Number(_) => true,
            Superset::Name(name) => name.chars().count() <= SUPERSET_CHARS_MAX,
        })
    })
}

fn exercise(
    value: &Value,
    pointer: &str,
    now: DateTime<Utc>,
    errors: &Errors,
) -> Option<ExerciseEntry> {
    let fields = Fields::of(value, pointer, &["exercise", "superset", "notes", "sets"], errors)?;
    fields.require("exercise");
    fields.require("sets");
    let (slug, superset, notes) = (slug(&fields), superset(&fields), fields.text("notes"));
    let sets = fields.get("sets").and_then(|_| fields.list("sets"))?;
    if sets.len() > SETS_MAX {
        fields.reject("sets", format!("has more than {SETS_MAX} sets"));
        return None;
    }
    let sets: Vec<_> =
        sets.iter().map(|(pointer, value)| set(value, pointer, now, errors)).collect();
    Some(ExerciseEntry {
        exercise: slug?,
        superset,
        notes,
        sets: sets.into_iter().collect::<Option<_>>()?,
    })
}

fn set(value: &Value, pointer: &str, now: DateTime<Utc>, errors: &Errors) -> Option<SetEntry> {
    set_of(&Fields::of(value, pointer, &SET_FIELDS, errors)?, now)
}

/// The time of a set, within the bounds of `started_at`: the sweep completes an abandoned workout at
/// the time of its last set.
fn performed_at(fields: &Fields<'_>, now: DateTime<Utc>) -> Option<DateTime<FixedOffset>> {
    let at = fields.time("performed_at")?;
    check_instant(fields, "performed_at", at, now);
    Some(at)
}

fn check_instant(
    fields: &Fields<'_>,
    name: &str,
    instant: DateTime<FixedOffset>,
    now: DateTime<Utc>,
) {
    if instant.timestamp() < 0 {
        fields.reject(name, "is before 1970");
    } else if instant > now + AHEAD_MAX {
        fields.reject(name, "is more than 24 hours ahead");
    }
}

fn set_of(fields: &Fields<'_>, now: DateTime<Utc>) -> Option<SetEntry> {
    fields.require("kind");
    let expected = "warmup, working, drop or failure";
    let kind = fields.parse("kind", expected, |value| SetKind::deserialize(value).ok());
    for (one, other) in [("weight_kg", "weight_lb"), ("rpe", "rir")] {
        if fields.get(one).is_some() && fields.get(other).is_some() {
            fields.reject(other, format!("cannot be combined with {one}"));
        }
    }
    let work = ["reps", "duration_s", "distance_m"];
    if work.iter().all(|name| fields.get(name).is_none()) {
        fields.reject("reps", "is required without duration_s and distance_m");
    }
    let kg_max = WEIGHT_MAX.kg();
    let rpe = fields.number("rpe", 1.0, 10.0);
    if rpe.is_some_and(|rpe| Rpe::new(rpe).is_none()) {
        fields.reject("rpe", "must be a multiple of 0.5");
    }
    let rir = fields.number("rir", 0.0, 9.0);
    if rir.is_some_and(|rir| Rpe::from_rir(rir).is_none()) {
        fields.reject("rir", "must be a multiple of 0.5");
    }
    // All fields are parsed before a missing one ends the parsing: every error is reported.
    let lb_max = kg_max * 1_000.0 / GRAMS_PER_POUND;
    let set = SetEntry {
        id: fields.integer("id", SET_ID_MAX),
        kind: kind.unwrap_or(SetKind::Working),
        weight_kg: fields.number("weight_kg", 0.0, kg_max),
        weight_lb: fields.number("weight_lb", 0.0, lb_max),
        reps: fields.integer("reps", REPS_MAX),
        rpe,
        rir,
        duration_s: fields.integer("duration_s", DURATION_S_MAX),
        distance_m: fields.number("distance_m", 0.0, f64::from(DISTANCE_M_MAX)),
        rest_s: fields.integer("rest_s", REST_S_MAX),
        performed_at: performed_at(fields, now),
    };
    kind.map(|_| set)
}

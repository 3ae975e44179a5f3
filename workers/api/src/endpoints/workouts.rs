//! Workouts: post, read, list, delete.

use crate::app::{App, Call};
use crate::auth::sha256;
use crate::cursor;
use crate::error::{ApiError, bad_parameter};
use crate::input::{body_bytes, json_body};
use crate::publisher::event_about;
use crate::workout::{Workout, answer};
use chrono::{Datelike, NaiveDate};
use platform::clock::new_uuid;
use platform::http::{Request, Response, StatusCode, empty, json, query, set_header, text_header};
use serde_json::{Value, json};
use shared_kernel::WorkoutId;
use std::ops::RangeInclusive;
use storage::KeyProof;
use storage::workouts::{
    self, Access, Created, Idempotency, Listed, NewWorkout, Page, StoredWorkout,
};
use training::calendar::local_date;

/// The longest Idempotency-Key (ours; a UUID has 36).
const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;

/// The years of a day in a query: those that RFC 3339 can write.
const YEARS: RangeInclusive<i32> = 1..=9_999;

/// POST /v1/workouts.
///
/// 1. check the body: a bad one is 400, 413, 415 or 422, and nothing is stored;
/// 2. store (await): key, idempotency record and workout in one transaction. It fails: 503, and
///    nothing is half-written. Only its answer may be lost: the client repeats it under the same
///    Idempotency-Key, and finds the workout if it is there;
/// 3. publish (await): the event. It fails: still 201, and the sweep sends it.
pub async fn post(app: &App, call: &Call<'_>, key: &KeyProof) -> Result<Response, ApiError> {
    let workout = Workout::parse(&json_body(call.request)?, app.clock.now())?;
    let idempotency = idempotency(call.request)?;
    let new = NewWorkout {
        workout_id: WorkoutId(new_uuid(&*app.clock, &*app.entropy)),
        status: workout.status(),
        local_date: local_date(workout.started_at),
        started_at_ms: workout.started_at.timestamp_millis(),
        document: serde_json::to_string(&workout)?,
        trace: call.trace,
    };
    let database = app.shards.for_athlete(key.athlete_id);
    let now_ms = app.clock.now_ms();
    let (workout_id, document, body_weight_grams, replayed) =
        match workouts::create(database, key, &new, idempotency.as_ref(), now_ms).await? {
            Created::Unauthorized => return Err(ApiError::Unauthorized),
            Created::KeyReused => return Err(ApiError::IdempotencyKeyReused),
            Created::Stored { body_weight_grams } => {
                (new.workout_id, new.document, body_weight_grams, false)
            }
            Created::Replayed { workout_id, document, body_weight_grams } => {
                (workout_id, document, body_weight_grams, true)
            }
        };
    let stored = StoredWorkout {
        athlete_id: key.athlete_id,
        workout_id,
        revision: 1,
        status: new.status,
        document,
        body_weight_grams,
        changed_at_ms: now_ms,
        traceparent: call.trace,
    };
    if !replayed {
        publish(app, &stored).await;
    }
    let mut response = workout_response(StatusCode::CREATED, &stored)?;
    set_header(&mut response, "location", &format!("/v1/workouts/{workout_id}"));
    Ok(response)
}

/// GET /v1/workouts/{id}.
pub async fn get(app: &App, key: &KeyProof, id: WorkoutId) -> Result<Response, ApiError> {
    let database = app.shards.for_athlete(key.athlete_id);
    let stored = found(workouts::get(database, key, id).await?)?;
    workout_response(StatusCode::OK, &stored)
}

/// DELETE /v1/workouts/{id}.
///
/// 1. delete (await): the row stays, one revision on. It fails: 503, and nothing is changed;
/// 2. publish (await): the event. It fails: still 204, and the sweep sends it.
pub async fn delete(
    app: &App,
    call: &Call<'_>,
    key: &KeyProof,
    id: WorkoutId,
) -> Result<Response, ApiError> {
    let database = app.shards.for_athlete(key.athlete_id);
    let now_ms = app.clock.now_ms();
    let deleted = found(workouts::delete(database, key, id, call.trace, now_ms).await?)?;
    publish(app, &deleted).await;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// GET /v1/workouts: newest first.
pub async fn list(app: &App, call: &Call<'_>, key: &KeyProof) -> Result<Response, ApiError> {
    let limit = cursor::limit(call.request)?;
    let page = Page {
        from: date(call.request, "from")?,
        to: date(call.request, "to")?,
        after: cursor::after(call.request)?,
        limit: limit + 1,
    };
    let database = app.shards.for_athlete(key.athlete_id);
    let rows = workouts::list(database, key, &page).await?.ok_or(ApiError::Unauthorized)?;
    let (rows, next_cursor) = cursor::page(rows, limit, |row| row.position.clone())?;
    let items = rows.iter().map(item).collect::<Result<Vec<_>, _>>()?;
    Ok(json(StatusCode::OK, &json!({ "items": items, "next_cursor": next_cursor }))?)
}

/// A day of a query: `from=2026-11-23`.
pub fn date(request: &Request, name: &str) -> Result<Option<NaiveDate>, ApiError> {
    query(request, name)
        .map(|text| {
            // chrono reads years of six digits too, up to the end of its calendar.
            let date = text.parse::<NaiveDate>().ok().filter(|date| YEARS.contains(&date.year()));
            date.ok_or_else(|| bad_parameter(name, "has to be a day: 2026-11-23"))
        })
        .transpose()
}

/// Publishes the event of a change that is committed. What fails here heals by the sweep.
async fn publish(app: &App, stored: &StoredWorkout) {
    let published = match event_about(stored) {
        Ok(event) => app.publisher.publish(&[event]).await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = published {
        tracing::warn!(workout_id = %stored.workout_id, error, "not published; the sweep will");
    }
}

fn idempotency(request: &Request) -> Result<Option<Idempotency>, ApiError> {
    if !request.headers().contains_key("idempotency-key") {
        return Ok(None);
    }
    let text = text_header(request, "idempotency-key").unwrap_or_default().trim();
    // The draft wants a quoted string; most clients send it bare.
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let key = quoted.unwrap_or(text);
    if key.is_empty() || key.len() > IDEMPOTENCY_KEY_CHARS_MAX {
        return Err(ApiError::BadRequest("the Idempotency-Key has to have 1 to 255 characters"));
    }
    let request_hash = sha256(body_bytes(request)?);
    Ok(Some(Idempotency { key: key.to_owned(), request_hash }))
}

fn found(access: Access<StoredWorkout>) -> Result<StoredWorkout, ApiError> {
    match access {
        Access::Unauthorized => Err(ApiError::Unauthorized),
        Access::NotFound => Err(ApiError::NotFound),
        Access::Found(stored) => Ok(stored),
    }
}

fn workout_response(status: StatusCode, stored: &StoredWorkout) -> Result<Response, ApiError> {
    let workout: Workout = serde_json::from_str(&stored.document)?;
    let snapshot = workout.snapshot(
        stored.athlete_id,
        stored.workout_id,
        stored.revision,
        stored.body_weight_grams,
    );
    let mut response = json(status, &answer(&workout, &snapshot, stored.status)?)?;
    set_header(&mut response, "etag", &format!("\"{}\"", stored.revision));
    Ok(response)
}

fn item(row: &Listed) -> Result<Value, ApiError> {
    let workout: Workout = serde_json::from_str(&row.document)?;
    let id = row.position.workout_id;
    let snapshot = workout.snapshot(row.athlete_id, id, row.revision, row.body_weight_grams);
    Ok(answer(&workout, &snapshot, row.status)?)
}

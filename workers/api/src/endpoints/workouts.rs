//! Workouts: post, read, list, change, delete; and what changed since.

use crate::app::{App, Call};
use crate::auth::sha256;
use crate::cursor;
use crate::error::{ApiError, bad_parameter};
use crate::input::{body_bytes, json_body};
use crate::publisher::event_about;
use crate::workout::{Read, answer, read_workout, unknown_exercises};
use chrono::{DateTime, Datelike, NaiveDate};
use platform::clock::new_uuid;
use platform::http::{Request, Response, StatusCode, empty, json, query, set_header, text_header};
use serde_json::{Value, json};
use shared_kernel::WorkoutId;
use std::ops::RangeInclusive;
use storage::workouts::{
    self, Change, ChangedWorkout, Changes, Content, Creation, Idempotency, Origin, Since,
    StoredWorkout, WorkoutQuery, WorkoutStatus,
};
use storage::{KeyProof, Rejection, exercises};
use training::Workout;

/// The longest Idempotency-Key (ours; a UUID has 36).
const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;

/// The years of a day in a query: those that RFC 3339 can write.
const YEARS: RangeInclusive<i32> = 1..=9_999;

/// A change that was overtaken by another is tried again so often; more at once is no athlete's
/// doing (ours).
pub const TRIES: u32 = 5;

/// How far a `since` that is an instant reaches back: clocks of two requests at once may differ by
/// less than that from the order of their commits (ours).
const SINCE_MARGIN_MS: i64 = 60_000;

/// POST /v1/workouts.
///
/// 1. check the body: a bad one is 400, 413, 415 or 422, and nothing is stored;
/// 2. store (await): key, idempotency record and workout in one transaction. It fails: 503, and
///    nothing is half-written. Only its answer may be lost: the client repeats it under the same
///    Idempotency-Key, and finds the workout if it is there;
/// 3. publish (await): the event. It fails: still 201, and the sweep sends it.
pub async fn post(app: &App, call: &Call<'_>, key: &KeyProof) -> Result<Response, ApiError> {
    let (mut workout, own) = read(app, call, key).await?;
    workout.assign_set_ids();
    let idempotency = idempotency(call.request)?;
    let workout_id = WorkoutId(new_uuid(&*app.clock, &*app.entropy));
    let database = app.shards.for_athlete(key.athlete_id);
    let origin = origin(app, call, idempotency.as_ref());
    let content = Content::of(&workout)?;
    let created = workouts::create(database, key, workout_id, &content, &origin).await;
    let stored = match created.map_err(|rejection| at_pointers(rejection, &own))? {
        Creation::Stored(stored) => {
            publish(app, &stored).await;
            stored
        }
        Creation::Replayed(stored) => stored,
    };
    let mut response = workout_response(StatusCode::CREATED, &stored)?;
    set_header(&mut response, "location", &format!("/v1/workouts/{}", stored.workout_id));
    Ok(response)
}

/// GET /v1/workouts/{id}.
pub async fn get(app: &App, key: &KeyProof, id: WorkoutId) -> Result<Response, ApiError> {
    let database = app.shards.for_athlete(key.athlete_id);
    let stored = workouts::get(database, key, id).await?;
    workout_response(StatusCode::OK, &stored)
}

/// PUT /v1/workouts/{id}: the whole workout anew; one that is complete stays so. With If-Match only what the caller has seen is
/// replaced; of two at once one wins, the other is 412.
///
/// 1. check the body: a bad one is 400, 413, 415 or 422, and nothing is changed;
/// 2. read (await) it, for the numbers that its sets ever had: none is given twice;
/// 3. change (await): one revision on, if it is still what was read; else from 2 again, unless the
///    caller's If-Match named what was read: then 412. It fails: 503, and nothing is changed; when
///    only its answer is lost, a repeat with the same If-Match is 412, and a GET shows that it is
///    done;
/// 4. publish (await): the event. It fails: still 200, and the sweep sends it.
pub async fn put(
    app: &App,
    call: &Call<'_>,
    key: &KeyProof,
    id: WorkoutId,
) -> Result<Response, ApiError> {
    let (workout, own) = read(app, call, key).await?;
    let database = app.shards.for_athlete(key.athlete_id);
    for _ in 0..TRIES {
        let there = workouts::get(database, key, id).await?;
        check_seen(call, &there)?;
        if there.status == WorkoutStatus::Completed && workout.ended_at.is_none() {
            return Err(ApiError::Conflict("the workout is complete: send its ended_at too"));
        }
        let mut workout = workout.clone();
        workout.last_set_id = there.document()?.last_set_id;
        workout.assign_set_ids();
        let change = Change {
            workout_id: id,
            seen_revision: Some(there.revision),
            content: &Content::of(&workout)?,
            set_id: None,
        };
        match workouts::change(database, key, &change, &origin(app, call, None)).await {
            Err(Rejection::StaleRevision) => {}
            changed => {
                let stored = changed.map_err(|rejection| at_pointers(rejection, &own))?;
                publish(app, &stored).await;
                return workout_response(StatusCode::OK, &stored);
            }
        }
    }
    Err(ApiError::Stale)
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
    let (seen, origin) = (seen_revision(call.request), origin(app, call, None));
    let deleted = workouts::delete(database, key, id, seen, &origin).await?;
    publish(app, &deleted).await;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// GET /v1/workouts: newest first.
pub async fn list(app: &App, call: &Call<'_>, key: &KeyProof) -> Result<Response, ApiError> {
    let limit = cursor::limit(call.request)?;
    let page = WorkoutQuery {
        from: date(call.request, "from")?,
        to: date(call.request, "to")?,
        after: cursor::after(call.request)?,
        limit: limit + 1,
    };
    let database = app.shards.for_athlete(key.athlete_id);
    let rows = workouts::list(database, key, &page).await?;
    let (rows, next_cursor) = cursor::page(rows, limit, workouts::ListedWorkout::position)?;
    let items = rows.iter().map(|row| answer(&row.workout)).collect::<Result<Vec<_>, _>>()?;
    Ok(json(StatusCode::OK, &json!({ "items": items, "next_cursor": next_cursor }))?)
}

/// GET /v1/workouts/events?since=: what changed, in the order of commits; each workout once, as it
/// now is. A client that goes on from `next_since` misses nothing: what changes later has a later
/// place.
pub async fn changes(app: &App, call: &Call<'_>, key: &KeyProof) -> Result<Response, ApiError> {
    let limit = cursor::limit(call.request)?;
    let since = since(call.request)?;
    let database = app.shards.for_athlete(key.athlete_id);
    let Changes { items: mut rows, last_seq } =
        workouts::changes(database, key, since, limit + 1).await?;
    let length = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > length;
    rows.truncate(length);
    let start = match since {
        Since::Change(seq) => seq,
        Since::Instant(_) => last_seq,
    };
    let next = rows.last().map_or(start, |last| last.change_seq);
    let items = rows.iter().map(change_item).collect::<Result<Vec<_>, _>>()?;
    let body = json!({ "items": items, "next_since": next.to_string(), "has_more": has_more });
    Ok(json(StatusCode::OK, &body)?)
}

fn since(request: &Request) -> Result<Since, ApiError> {
    let Some(text) = query(request, "since").filter(|text| !text.is_empty()) else {
        return Ok(Since::Change(0));
    };
    if let Some(seq) = text.parse().ok().filter(|seq| (0..1_i64 << 53).contains(seq)) {
        return Ok(Since::Change(seq));
    }
    DateTime::parse_from_rfc3339(&text)
        .map(|instant| Since::Instant(instant.timestamp_millis() - SINCE_MARGIN_MS))
        .map_err(|_| bad_parameter("since", "has to be a next_since of an answer, or a time"))
}

fn change_item(row: &ChangedWorkout) -> Result<Value, serde_json::Error> {
    let workout = &row.workout;
    let changed_at = super::instant(workout.changed_at_ms);
    Ok(match workout.status {
        WorkoutStatus::Deleted => {
            json!({ "type": "deleted", "id": workout.workout_id, "deleted_at": changed_at })
        }
        WorkoutStatus::InProgress | WorkoutStatus::Completed => {
            json!({ "type": "updated", "changed_at": changed_at, "workout": answer(workout)? })
        }
    })
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

/// The workout of a body, and where it names exercises that are not of the catalogue. A body that
/// is bad elsewhere costs one more read: also an exercise that nobody knows is to be told.
async fn read(
    app: &App,
    call: &Call<'_>,
    key: &KeyProof,
) -> Result<(Workout, Vec<(String, String)>), ApiError> {
    let Read { workout, own } = read_workout(&json_body(call.request)?, app.clock.now());
    match workout {
        Ok(workout) => Ok((workout, own)),
        Err(errors) if own.is_empty() => Err(ApiError::Invalid(errors)),
        Err(mut errors) => {
            let slugs = own.iter().map(|(_, slug)| slug.clone()).collect();
            let database = app.shards.for_athlete(key.athlete_id);
            let unknown = exercises::unknown_slugs(database, key, &slugs).await?;
            errors.extend(unknown_exercises(&own, &unknown));
            Err(ApiError::Invalid(errors))
        }
    }
}

/// The error of a rejected workout: each unknown exercise with the pointers at which the body names
/// it.
fn at_pointers(rejection: Rejection, own: &[(String, String)]) -> ApiError {
    match rejection {
        Rejection::UnknownExercises(unknown) => {
            ApiError::Invalid(unknown_exercises(own, &unknown).collect())
        }
        rejection => rejection.into(),
    }
}

/// Where a change of this call comes from.
pub fn origin<'a>(app: &App, call: &Call<'_>, idempotency: Option<&'a Idempotency>) -> Origin<'a> {
    Origin { idempotency, trace: call.trace, now_ms: app.clock.now_ms() }
}

/// The revision that If-Match names; `None` without one, or with `*`. A tag that is none of ours
/// is no revision that ever was.
fn seen_revision(request: &Request) -> Option<i64> {
    let tag = text_header(request, "if-match").map(str::trim).filter(|tag| *tag != "*")?;
    Some(tag.trim_matches('"').parse().unwrap_or(-1))
}

/// 412 when the caller's If-Match names another revision than the one that was read.
pub fn check_seen(call: &Call<'_>, stored: &StoredWorkout) -> Result<(), ApiError> {
    match seen_revision(call.request) {
        Some(seen) if seen != stored.revision => Err(ApiError::Stale),
        Some(_) | None => Ok(()),
    }
}

/// Publishes the event of a change that is committed. What fails here heals by the sweep.
pub async fn publish(app: &App, stored: &StoredWorkout) {
    let published = match event_about(stored) {
        Ok(event) => app.publisher.publish(&[event]).await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = published {
        tracing::warn!(workout_id = %stored.workout_id, error, "not published; the sweep will");
    }
}

/// The Idempotency-Key of a request. It stands for the path and the body that came with it.
pub fn idempotency(request: &Request) -> Result<Option<Idempotency>, ApiError> {
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
    let request_hash = sha256(&[request.uri().path().as_bytes(), body_bytes(request)?].concat());
    Ok(Some(Idempotency { key: key.to_owned(), request_hash }))
}

/// A workout as it is answered, with its `ETag`.
pub fn workout_response(status: StatusCode, stored: &StoredWorkout) -> Result<Response, ApiError> {
    let mut response = json(status, &answer(stored)?)?;
    set_header(&mut response, "etag", &format!("\"{}\"", stored.revision));
    Ok(response)
}

/// The document of a workout that goes on; 409 when it is complete.
pub fn in_progress(stored: &StoredWorkout) -> Result<Workout, ApiError> {
    match stored.status {
        WorkoutStatus::InProgress => Ok(stored.document()?),
        WorkoutStatus::Completed | WorkoutStatus::Deleted => Err(ApiError::Conflict(
            "the workout is complete: change it as a whole, with PUT /v1/workouts/{id}",
        )),
    }
}

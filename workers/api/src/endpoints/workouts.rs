//! Workouts: create, read, list, change and delete, and the list of changes.
//!
//! Thresholds without a source are project defaults.

use super::instant;
use crate::app::{App, Call};
use crate::cursor;
use crate::date_range::parse_date;
use crate::error::{ApiError, ApiResult, bad_parameter};
use crate::idempotency::parse_idempotency_key;
use crate::input::json_body;
use crate::preconditions::{ATTEMPTS_MAX, check_if_match, if_match_revision};
use crate::workout::{ParsedWorkout, parse_workout, to_json, to_response, unknown_exercises};
use chrono::DateTime;
use platform::clock::new_uuid;
use platform::http::{Request, StatusCode, empty, json, query, set_header};
use serde_json::{Value, json};
use shared_kernel::WorkoutId;
use storage::workouts::{
    self, Change, ChangedWorkout, Changes, Content, Creation, Since, WorkoutQuery, WorkoutStatus,
};
use storage::{KeyProof, Rejection, exercises};
use training::Workout;

/// The time that a `since` with a time reaches back, in milliseconds: the clocks of concurrent
/// requests differ by less from the order of their commits.
const SINCE_OVERLAP_MS: i64 = 60_000;

/// POST /v1/workouts.
///
/// 1. check the body: an invalid one is 400, 413, 415 or 422, and nothing is stored;
/// 2. store (await): key, idempotency record and workout in one transaction. Failure: 503, and
///    nothing is partially written. The response may be lost after the commit: a retry under the same
///    Idempotency-Key returns the stored workout;
/// 3. publish (await): the event. Failure: still 201, and the sweep sends it.
pub async fn post(app: &App, call: &Call<'_>, key: &KeyProof) -> ApiResult {
    let (mut workout, custom_slugs) = workout_of_body(app, call, key).await?;
    workout.assign_set_ids();
    let idempotency = parse_idempotency_key(call.request)?;
    let workout_id = WorkoutId(new_uuid(&*app.clock, &*app.entropy));
    let origin = app.origin(call, idempotency.as_ref());
    let content = Content::of(&workout)?;
    let created = workouts::create(app.database(key), key, workout_id, &content, &origin).await;
    let stored = match created.map_err(|rejection| with_pointers(rejection, &custom_slugs))? {
        Creation::Stored(stored) => {
            app.publisher.publish_workout(&stored).await;
            stored
        }
        Creation::Replayed(stored) => stored,
    };
    let mut response = to_response(StatusCode::CREATED, &stored)?;
    set_header(&mut response, "location", &format!("/v1/workouts/{}", stored.workout_id));
    Ok(response)
}

/// GET /v1/workouts/{id}.
pub async fn get(app: &App, key: &KeyProof, id: WorkoutId) -> ApiResult {
    to_response(StatusCode::OK, &workouts::get(app.database(key), key, id).await?)
}

/// PUT /v1/workouts/{id}: replaces the workout. A completed one stays completed. With If-Match only
/// that revision is replaced; of two concurrent calls one gets 412.
///
/// 1. check the body: an invalid one is 400, 413, 415 or 422, and nothing is changed;
/// 2. read (await) the workout for the set numbers in use: no number is assigned twice;
/// 3. change (await): the next revision, if the revision is still the one read; otherwise from 2
///    again, or 412 with If-Match. Failure: 503, and nothing is changed. When only the response is
///    lost, a retry with the same If-Match is 412, and a GET shows the change;
/// 4. publish (await): the event. Failure: still 200, and the sweep sends it.
pub async fn put(app: &App, call: &Call<'_>, key: &KeyProof, id: WorkoutId) -> ApiResult {
    let (workout, custom_slugs) = workout_of_body(app, call, key).await?;
    let database = app.database(key);
    for _ in 0..ATTEMPTS_MAX {
        let current = workouts::get(database, key, id).await?;
        check_if_match(call.request, current.revision)?;
        if current.status == WorkoutStatus::Completed && workout.ended_at.is_none() {
            return Err(ApiError::Conflict("the workout is completed: ended_at is required"));
        }
        let mut workout = workout.clone();
        workout.last_set_id = current.document()?.last_set_id;
        workout.assign_set_ids();
        let change = Change {
            workout_id: id,
            seen_revision: Some(current.revision),
            content: &Content::of(&workout)?,
            set_id: None,
        };
        match workouts::change(database, key, &change, &app.origin(call, None)).await {
            Err(Rejection::StaleRevision) => {}
            changed => {
                let stored =
                    changed.map_err(|rejection| with_pointers(rejection, &custom_slugs))?;
                app.publisher.publish_workout(&stored).await;
                return to_response(StatusCode::OK, &stored);
            }
        }
    }
    Err(ApiError::StaleRevision)
}

/// DELETE /v1/workouts/{id}.
///
/// 1. delete (await): the row stays, at the next revision. Failure: 503, and nothing is changed;
/// 2. publish (await): the event. Failure: still 204, and the sweep sends it.
pub async fn delete(app: &App, call: &Call<'_>, key: &KeyProof, id: WorkoutId) -> ApiResult {
    let revision = if_match_revision(call.request);
    let deleted =
        workouts::delete(app.database(key), key, id, revision, &app.origin(call, None)).await?;
    app.publisher.publish_workout(&deleted).await;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// GET /v1/workouts: newest first.
pub async fn list(app: &App, call: &Call<'_>, key: &KeyProof) -> ApiResult {
    let limit = cursor::limit(call.request)?;
    let page = WorkoutQuery {
        from: parse_date(call.request, "from")?,
        to: parse_date(call.request, "to")?,
        after: cursor::after(call.request)?,
        limit: limit + 1,
    };
    let rows = workouts::list(app.database(key), key, &page).await?;
    let (rows, next_cursor) = cursor::page(rows, limit, workouts::ListedWorkout::position)?;
    let items = rows.iter().map(|row| to_json(&row.workout)).collect::<Result<Vec<_>, _>>()?;
    Ok(json(StatusCode::OK, &json!({ "items": items, "next_cursor": next_cursor }))?)
}

/// GET /v1/workouts/events?since=: the changed workouts in commit order, each once in its current
/// state. A client that continues from `next_since` misses nothing: later changes have later
/// positions.
pub async fn changes(app: &App, call: &Call<'_>, key: &KeyProof) -> ApiResult {
    let limit = cursor::limit(call.request)?;
    let since = parse_since(call.request)?;
    let Changes { items: mut rows, last_seq } =
        workouts::changes(app.database(key), key, since, limit + 1).await?;
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

fn parse_since(request: &Request) -> ApiResult<Since> {
    let Some(text) = query(request, "since").filter(|text| !text.is_empty()) else {
        return Ok(Since::Change(0));
    };
    if let Some(seq) = text.parse().ok().filter(|seq| (0..1_i64 << 53).contains(seq)) {
        return Ok(Since::Change(seq));
    }
    DateTime::parse_from_rfc3339(&text)
        .map(|instant| Since::Instant(instant.timestamp_millis() - SINCE_OVERLAP_MS))
        .map_err(|_| bad_parameter("since", "must be the next_since of a response, or a time"))
}

fn change_item(row: &ChangedWorkout) -> Result<Value, serde_json::Error> {
    let workout = &row.workout;
    let changed_at = instant(workout.changed_at_ms);
    Ok(match workout.status {
        WorkoutStatus::Deleted => {
            json!({ "type": "deleted", "id": workout.workout_id, "deleted_at": changed_at })
        }
        WorkoutStatus::InProgress | WorkoutStatus::Completed => {
            json!({ "type": "updated", "changed_at": changed_at, "workout": to_json(workout)? })
        }
    })
}

/// Parses the body. Returns the workout and its slugs outside the catalogue. A body with other
/// errors costs a read (await): unknown exercises are reported along with them.
async fn workout_of_body(
    app: &App,
    call: &Call<'_>,
    key: &KeyProof,
) -> ApiResult<(Workout, Vec<(String, String)>)> {
    let ParsedWorkout { workout, custom_slugs } =
        parse_workout(&json_body(call.request)?, app.clock.now());
    match workout {
        Ok(workout) => Ok((workout, custom_slugs)),
        Err(errors) if custom_slugs.is_empty() => Err(ApiError::Invalid(errors)),
        Err(mut errors) => {
            let slugs = custom_slugs.iter().map(|(_, slug)| slug.clone()).collect();
            let unknown = exercises::unknown_slugs(app.database(key), key, &slugs).await?;
            errors.extend(unknown_exercises(&custom_slugs, &unknown));
            Err(ApiError::Invalid(errors))
        }
    }
}

/// The error of a rejected workout, with a pointer to each unknown exercise in the body.
fn with_pointers(rejection: Rejection, custom_slugs: &[(String, String)]) -> ApiError {
    match rejection {
        Rejection::UnknownExercises(unknown) => {
            ApiError::Invalid(unknown_exercises(custom_slugs, &unknown).collect())
        }
        rejection => rejection.into(),
    }
}

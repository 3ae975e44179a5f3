//! Workouts: create, read, list, change and delete, and the list of changes.
//!
//! Thresholds without a source are project defaults.

use super::edit::Attempts;
use crate::call::AthleteCall;
use crate::cursor;
use crate::error::{ApiError, ApiResult, bad_parameter};
use crate::extract::{IdempotencyKey, Json, Path, Query};
use crate::preconditions::{IfMatch, overtaken, revision_tag};
use crate::reply::{Created, NoContent, Reply};
use crate::workout::{to_model, to_reply, with_pointers};
use chrono::{DateTime, FixedOffset};
use contract::workouts::{Change, ChangeFilter, Changes, NewWorkout, Workout, WorkoutFilter};
use contract::{FieldCode, FieldError, Instant, Page, Problem, ProblemCode, Timestamp};
use platform::clock::new_uuid;
use shared_kernel::WorkoutId;
use storage::Rejection;
use storage::workouts::{
    self, ChangedWorkout, Content, Creation, ListedWorkout, Since, WorkoutQuery, WorkoutStatus,
};

/// POST /v1/workouts.
///
/// 1. store (await): the workout with its Idempotency-Key, in one statement. A start with `Z` is stored
///    in the athlete's time zone, in a second transaction unless the zone is UTC. If nothing was stored,
///    find the reason (await). Failure: 503, and nothing is partially written. The response may be lost
///    after the commit: a retry under the same Idempotency-Key returns the workout as it is now;
/// 2. publish (await): the event of a completed workout. Failure: still 201, and the sweep sends it. The sweep
///    sends the one of a workout in progress.
pub async fn post(
    call: AthleteCall,
    (IdempotencyKey(idempotency), Json(new)): (IdempotencyKey, Json<NewWorkout>),
) -> ApiResult<Created<Workout>> {
    let mut document = new.document();
    document.assign_new_set_ids();
    let id = WorkoutId(new_uuid(&*call.app.clock, &*call.app.entropy));
    let (database, origin) = (call.database(), call.origin(idempotency.as_ref()));
    let created = if new.started_at.is_zulu {
        let offset_in = |zone: &str, at| call.app.time_zones.offset_at_instant(zone, at);
        workouts::create_in_time_zone(database, &call.key, id, document, &origin, offset_in).await
    } else {
        workouts::create(database, &call.key, id, &Content::of(&document)?, &origin).await
    };
    let created = created.map_err(|rejection| with_pointers(rejection, &new.custom_slugs()))?;
    let (stored, is_replayed) = match created {
        Creation::Replayed(stored) if idempotency.is_some() => (stored, true),
        // Without a key it is the workout of this call, whose statement was repeated.
        Creation::Stored(stored) | Creation::Replayed(stored) => {
            call.app.publisher.publish_workout(&stored).await;
            (stored, false)
        }
    };
    let location = format!("/v1/workouts/{}", stored.workout_id);
    Ok(to_reply(&stored)?.location(location).replayed(is_replayed))
}

/// GET /v1/workouts/{id}.
pub async fn get(call: AthleteCall, Path(id): Path<WorkoutId>) -> ApiResult<Reply<Workout>> {
    to_reply(&workouts::get(call.database(), &call.key, id).await?)
}

/// PUT /v1/workouts/{id}: replaces the workout. A completed one stays completed.
///
/// 1. read (await) the workout, and check If-Match; for another start with `Z`, read (await) the athlete's
///    time zone;
/// 2. change (await): the next revision, if the revision is still the one read; otherwise wait (await)
///    and start from 1. Failure: 503, and nothing is changed. When only the response is lost, a retry
///    with the same If-Match is 412, and a GET shows the change;
/// 3. publish (await): the event. Failure: still 200, and the sweep sends it.
pub async fn put(
    call: AthleteCall,
    (Path(id), if_match, Json(new)): (Path<WorkoutId>, IfMatch, Json<NewWorkout>),
) -> ApiResult<Reply<Workout>> {
    let database = call.database();
    let mut attempts = Attempts::new(&call.app);
    while attempts.next().await {
        let current = workouts::get(database, &call.key, id).await?;
        if_match.check(&revision_tag(current.revision))?;
        if current.status == WorkoutStatus::Completed && new.ended_at.is_none() {
            let detail = "the workout is completed: ended_at is required";
            return Err(ProblemCode::WorkoutCompleted.with(detail).into());
        }
        let before = current.document()?;
        let mut document = new.document();
        document.adopt_set_ids(before).map_err(|sets| unknown_set_ids(&sets))?;
        if new.started_at.is_zulu {
            document.started_at = local_start(&call, before, document.started_at).await?;
        }
        let content = &Content::replacing(&document, before)?;
        let change = workouts::Change { current: &current, content, set_id: None };
        match workouts::change(database, &call.key, &change, &call.origin(None)).await {
            Err(Rejection::StaleRevision) => {}
            changed => {
                let stored =
                    changed.map_err(|rejection| with_pointers(rejection, &new.custom_slugs()))?;
                call.app.publisher.publish_workout(&stored).await;
                return to_reply(&stored);
            }
        }
    }
    Err(overtaken(&if_match))
}

/// A start that was written with `Z`, in the offset of the current one if it is the same instant,
/// otherwise in the athlete's time zone.
async fn local_start(
    call: &AthleteCall,
    before: &training::Workout,
    started_at: DateTime<FixedOffset>,
) -> ApiResult<DateTime<FixedOffset>> {
    if before.started_at == started_at {
        return Ok(before.started_at);
    }
    let zone = workouts::time_zone(call.database(), &call.key).await?;
    let offset = call.app.time_zones.offset_at_instant(&zone, started_at.to_utc());
    Ok(offset.map_or(started_at, |offset| started_at.with_timezone(&offset)))
}

/// The error of sets with numbers that the workout does not have.
fn unknown_set_ids(sets: &[(usize, usize)]) -> ApiError {
    let errors = sets.iter().map(|(exercise, set)| {
        let pointer = format!("/exercises/{exercise}/sets/{set}/id");
        let detail = "must be the number of one set of the workout; a new set has none";
        FieldError::at(pointer, FieldCode::InvalidValue, detail)
    });
    Problem::invalid(errors).into()
}

/// DELETE /v1/workouts/{id}.
///
/// 1. with If-Match, read (await) the workout and check it;
/// 2. delete (await): the row stays, at the next revision. Failure: 503, and nothing is changed;
/// 3. publish (await): the event. Failure: still 204, and the sweep sends it.
pub async fn delete(
    call: AthleteCall,
    (Path(id), if_match): (Path<WorkoutId>, IfMatch),
) -> ApiResult<NoContent> {
    let database = call.database();
    let mut revision = None;
    if if_match.is_present() {
        let current = workouts::get(database, &call.key, id).await?;
        if_match.check(&revision_tag(current.revision))?;
        revision = Some(current.revision);
    }
    let deleted = workouts::delete(database, &call.key, id, revision, &call.origin(None)).await?;
    call.app.publisher.publish_workout(&deleted).await;
    Ok(NoContent)
}

/// GET /v1/workouts: newest first.
pub async fn list(
    call: AthleteCall,
    Query(WorkoutFilter { from, to, cursor, limit }): Query<WorkoutFilter>,
) -> ApiResult<Reply<Page<Workout>>> {
    require_order(from, to)?;
    let after = cursor::decode(cursor.as_deref())?;
    let query = WorkoutQuery {
        from: from.map(|day| day.0),
        to: to.map(|day| day.0),
        after,
        limit: limit.0,
    };
    let page = workouts::list(call.database(), &call.key, &query).await?;
    let (rows, next_cursor) = cursor::page(page, ListedWorkout::position)?;
    let items = rows.iter().map(|row| to_model(&row.workout)).collect::<Result<_, _>>()?;
    Ok(Reply::new(Page { items, next_cursor }))
}

/// Requires that `from` is not after `to`.
pub fn require_order(from: Option<contract::Day>, to: Option<contract::Day>) -> ApiResult<()> {
    match (from, to) {
        (Some(from), Some(to)) if from > to => {
            Err(bad_parameter("from", FieldCode::OutOfRange, "must not be after to"))
        }
        _ => Ok(()),
    }
}

/// GET /v1/workouts/events: the changed workouts in commit order, each once in its current state. A
/// client that continues from `next_since` misses nothing: later changes have later positions.
pub async fn changes(
    call: AthleteCall,
    Query(ChangeFilter { since, limit }): Query<ChangeFilter>,
) -> ApiResult<Reply<Changes>> {
    let since = parse_since(since.as_deref(), call.app.clock.now_ms())?;
    let workouts::Changes { page: storage::Page { items: rows, has_more }, last_seq } =
        workouts::changes(call.database(), &call.key, since, limit.0).await?;
    let start = match since {
        Since::Change(seq) => seq,
        Since::Instant(_) => last_seq,
    };
    let next = rows.last().map_or(start, |last| last.change_seq);
    let items = rows.iter().map(change_item).collect::<Result<_, _>>()?;
    Ok(Reply::new(Changes { items, next_since: next.to_string(), has_more }))
}

/// Parses a position, or a time; a time ahead of the server's clock is now.
fn parse_since(since: Option<&str>, now_ms: i64) -> ApiResult<Since> {
    let Some(text) = since else { return Ok(Since::Change(0)) };
    if let Some(seq) = text.parse::<i64>().ok().filter(|seq| seq.to_string() == text && *seq >= 0) {
        return Ok(Since::Change(seq));
    }
    let time: Timestamp = text.parse().map_err(|_| ProblemCode::InvalidSince)?;
    Ok(Since::client_instant(time.at.timestamp_millis(), now_ms))
}

fn change_item(row: &ChangedWorkout) -> Result<Change, serde_json::Error> {
    let workout = &row.workout;
    let changed_at = Instant(workout.changed_at_ms);
    Ok(match workout.status {
        WorkoutStatus::Deleted => {
            Change::Deleted { id: workout.workout_id, deleted_at: changed_at }
        }
        WorkoutStatus::InProgress | WorkoutStatus::Completed => {
            Change::Updated { changed_at, workout: to_model(workout)? }
        }
    })
}

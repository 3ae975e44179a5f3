//! Operators' actions on dead letters: redrive, edit and redrive, discard; and their history.

use super::dead_letters::to_filter;
use crate::call::OperatorCall;
use crate::cursor;
use crate::error::ApiResult;
use crate::extract::{Json, OperatorName, Path, Query};
use crate::redrive::{self, Pace, RedriveRequest, edit_error};
use crate::reply::Reply;
use contract::actions::{
    Discard, DiscardResult, OperatorAction, Redrive, RedriveOne, RedriveResult, limit,
};
use contract::dead_letters::DeadLetterFilter;
use contract::{Cursor, FieldCode, FieldError, Instant, Page, Problem, ProblemCode};
use platform::clock::new_uuid;
use shared_kernel::json;
use storage::dead_letters;
use storage::dead_letters::actions::{
    self, Action, ActionPosition, MatchCount, RecordedAction, Selection,
};
use uuid::Uuid;

/// POST /v1/admin/dead-letters/redrive: redrives those of a filter, or of ids. Concurrent calls claim
/// different dead letters; a retry finds none of them open.
///
/// 1. dry run: count (await), and return;
/// 2. otherwise [`redrive::redrive`] (awaits).
pub async fn redrive(
    call: OperatorCall,
    (operator, Json(body)): (OperatorName, Json<Redrive>),
) -> ApiResult<Reply<RedriveResult>> {
    let limit = limit(body.limit, body.ids.as_deref());
    let selection = selection(body.ids, body.filter, body.force);
    if body.dry_run {
        let (database, now_ms) = (call.app.shards.operators(), call.app.clock.now_ms());
        let matched = actions::count_matching(database, &selection, now_ms).await?;
        let nothing = redrive::RedriveResult { matched, ..redrive::RedriveResult::default() };
        return Ok(Reply::new(to_result(nothing, None)));
    }
    let action = action(&call, operator, body.note);
    let pace = Pace::new(body.rate_per_s, limit);
    let request = RedriveRequest { action, selection, limit, pace, edited_body: None };
    let result = redrive::redrive(&call.app, &request).await?;
    Ok(Reply::new(to_result(result, Some(request.action.id))))
}

/// `POST /v1/admin/dead-letters/{id}/redrive`: redrives one, unchanged or with an edited body, which must be
/// an event of the same queue. The original body is kept.
///
/// 1. read (await);
/// 2. [`redrive::redrive`] (awaits).
pub async fn redrive_one(
    call: OperatorCall,
    (Path(id), operator, Json(request)): (Path<Uuid>, OperatorName, Json<RedriveOne>),
) -> ApiResult<Reply<RedriveResult>> {
    let RedriveOne { body: edited_body, force, note } = request;
    let stored = dead_letters::get(call.app.shards.operators(), id).await?;
    let stored = stored.ok_or(ProblemCode::NotFound)?;
    let reason = edited_body
        .as_deref()
        .and_then(|text| edit_error(text, &stored.summary.queue, &stored.body));
    if let Some(reason) = reason {
        let error = FieldError::at("/body", FieldCode::InvalidValue, reason);
        return Err(Problem::invalid([error]).into());
    }
    let request = RedriveRequest {
        action: action(&call, operator, note),
        selection: Selection::Ids { ids: vec![id], force },
        limit: 1,
        pace: Pace::new(None, 1),
        edited_body,
    };
    let result = redrive::redrive(&call.app, &request).await?;
    if result.matched.matched == 0 {
        return Err(ProblemCode::Conflict.with(
            "the dead letter is neither open nor waiting, is being redriven, or failed again after three redrives; force redrives it unless it is being redriven",
        ).into());
    }
    Ok(Reply::new(to_result(result, Some(request.action.id))))
}

fn to_result(result: redrive::RedriveResult, action_id: Option<Uuid>) -> RedriveResult {
    let MatchCount { matched, held_back } = result.matched;
    let redrive::RedriveResult { redriven, unsendable, .. } = result;
    RedriveResult { matched, redriven, held_back, unsendable, action_id }
}

/// POST /v1/admin/dead-letters/discard: discards those of a filter, or of ids. A note with the reason
/// is required.
///
/// 1. dry run: count (await), and return;
/// 2. otherwise discard and record the action (await). A retry finds none of them open.
pub async fn discard(
    call: OperatorCall,
    (operator, Json(body)): (OperatorName, Json<Discard>),
) -> ApiResult<Reply<DiscardResult>> {
    let limit = limit(body.limit, body.ids.as_deref());
    let selection = selection(body.ids, body.filter, false);
    let database = call.app.shards.operators();
    if body.dry_run {
        let MatchCount { matched, held_back } =
            actions::count_matching(database, &selection, call.app.clock.now_ms()).await?;
        let matched = matched + held_back;
        return Ok(Reply::new(DiscardResult { matched, discarded: 0, action_id: None }));
    }
    let action = action(&call, operator, Some(body.note));
    let (matched, discarded) = actions::discard(database, &action, &selection, limit).await?;
    Ok(Reply::new(DiscardResult { matched, discarded, action_id: Some(action.id) }))
}

/// GET /v1/admin/actions: the actions on dead letters, newest first.
pub async fn list(
    call: OperatorCall,
    Query(Cursor { cursor, limit }): Query<Cursor>,
) -> ApiResult<Reply<Page<OperatorAction>>> {
    let after: Option<ActionPosition> = cursor::decode(cursor.as_deref())?;
    let page = actions::list(call.app.shards.operators(), after.as_ref(), limit.0).await?;
    let (rows, next_cursor) =
        cursor::page(page, |row| ActionPosition { at_ms: row.at_ms, action_id: row.action_id })?;
    let items = rows.into_iter().map(to_model).collect::<Result<_, _>>()?;
    Ok(Reply::new(Page { items, next_cursor }))
}

fn to_model(row: RecordedAction) -> Result<OperatorAction, serde_json::Error> {
    Ok(OperatorAction {
        id: row.action_id,
        at: Instant(row.at_ms),
        operator: row.operator,
        action: json::from_value(&row.action.into())?,
        selection: json::from_str(&row.selection)?,
        note: row.note,
        affected: row.affected,
    })
}

fn action(
    call: &OperatorCall,
    OperatorName(operator): OperatorName,
    note: Option<String>,
) -> Action {
    let id = new_uuid(&*call.app.clock, &*call.app.entropy);
    Action { id, operator, at_ms: call.app.clock.now_ms(), note }
}

/// A valid body has either ids or a filter.
fn selection(ids: Option<Vec<Uuid>>, filter: Option<DeadLetterFilter>, force: bool) -> Selection {
    match ids {
        Some(ids) => Selection::Ids { ids, force },
        None => Selection::Matching(to_filter(filter.unwrap_or_default())),
    }
}

//! Operators' actions on dead letters, each recorded with its operator.
//!
//! A redrive claims dead letters first. A claim leaves them open and ends by itself: a crash
//! between the claim and the mark loses nothing, and two operators never send the same dead letter
//! at once.

use super::{CLAIM_BYTES_MAX, COUNTED_MAX, Filter};
use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::page::{Page, fitting};
use crate::sql::query;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

/// The duration of a claim, in milliseconds: ten times that of sending a batch.
pub const CLAIM_MS: i64 = 60_000;

/// The dead letters that an action applies to: those that are open or waiting. An operator does not have to
/// wait for the sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    Ids {
        ids: Vec<Uuid>,
        /// Redrives them in any status and regardless of earlier redrives.
        force: bool,
    },
    Matching(Filter),
}

impl Selection {
    fn param(&self) -> Result<Param, DatabaseError> {
        match self {
            Self::Ids { ids, force } => Param::json(&json!({ "ids": ids, "force": force })),
            Self::Matching(filter) => Param::json(filter),
        }
    }
}

/// An action of an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// A UUIDv7.
    pub id: Uuid,
    pub operator: String,
    pub at_ms: i64,
    pub note: Option<String>,
}

impl Action {
    /// Returns the entry for a dead letter's history, as JSON.
    fn entry(&self, what: &str) -> Param {
        let Self { id, operator, at_ms, note } = self;
        Param::text(json!({
            "at_ms": at_ms, "what": what, "operator": operator, "action_id": id, "note": note,
        }))
    }

    /// Inserts the row of the action.
    fn record(&self, what: &str, selection: Param) -> Statement {
        Statement::new(
            "INSERT INTO operator_actions (at_ms, action_id, operator, action, selection, note) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
            [
                self.at_ms.into(),
                Param::text(self.id),
                self.operator.as_str().into(),
                what.into(),
                selection,
                self.note.as_deref().into(),
            ],
        )
    }
}

/// The entry of an action in the history.
const ENTRY: &str = "json(:entry)";
const OPEN_BY_FILTER: &str = include_str!("../../sql/dead_letters/open_by_filter.sql");
const OPEN_BY_IDS: &str = include_str!("../../sql/dead_letters/open_by_ids.sql");

/// The statement of a file for the open dead letters of a selection.
macro_rules! query_for {
    ($selection:expr, $file:literal) => {
        match $selection {
            Selection::Ids { .. } => query!($file, open = OPEN_BY_IDS, entry = ENTRY),
            Selection::Matching(_) => query!($file, open = OPEN_BY_FILTER, entry = ENTRY),
        }
    };
}

/// The number of dead letters that match: of the first [`COUNTED_MAX`] that are open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MatchCount {
    /// Those that a redrive takes.
    pub matched: i64,
    /// Those that were redriven too many times.
    pub held_back: i64,
}

#[derive(Deserialize)]
struct CountRow {
    open: i64,
    matched: i64,
}

impl From<CountRow> for MatchCount {
    fn from(row: CountRow) -> Self {
        Self { matched: row.matched, held_back: row.open - row.matched }
    }
}

fn count(selection: &Selection, now_ms: i64) -> Result<Statement, DatabaseError> {
    query_for!(selection, "dead_letters/count.sql").bind([
        ("filter", selection.param()?),
        ("now_ms", now_ms.into()),
        ("counted_max", COUNTED_MAX.into()),
    ])
}

/// Counts the dead letters that a redrive would claim. Changes nothing.
pub async fn count_matching(
    database: &dyn Database,
    selection: &Selection,
    now_ms: i64,
) -> Result<MatchCount, DatabaseError> {
    let mut results = Results::new(database.batch(vec![count(selection, now_ms)?]).await?);
    Ok(results.first::<CountRow>()?.map(MatchCount::from).unwrap_or_default())
}

/// A claimed dead letter, to be sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct ClaimedDeadLetter {
    pub failed_at_ms: i64,
    pub dead_letter_id: Uuid,
    pub queue: String,
    pub body: String,
}

/// Claims the oldest dead letters, `limit` at most and [`CLAIM_BYTES_MAX`] bytes of bodies, also those that a sweep has
/// claimed, records the action, and counts the matching ones. A repeat does not claim a dead letter twice.
///
/// `edited_body` replaces the body in this and later redrives.
pub async fn claim(
    database: &dyn Database,
    action: &Action,
    selection: &Selection,
    edited_body: Option<&str>,
    limit: i64,
) -> Result<(MatchCount, Vec<ClaimedDeadLetter>), DatabaseError> {
    let what = if edited_body.is_some() { "edit" } else { "redrive" };
    let claim = query_for!(selection, "dead_letters/claim.sql").bind([
        ("filter", selection.param()?),
        ("now_ms", action.at_ms.into()),
        ("action_id", Param::text(action.id)),
        ("claimed_until_ms", (action.at_ms + CLAIM_MS).into()),
        ("entry", action.entry(what)),
        ("edited_body", edited_body.into()),
        ("limit", limit.into()),
        ("bytes_max", CLAIM_BYTES_MAX.into()),
    ])?;
    let record = action.record(what, selection.param()?);
    let statements = vec![count(selection, action.at_ms)?, claim, record];
    let mut results = Results::new(database.batch(statements).await?);
    let matched = results.first::<CountRow>()?.map(MatchCount::from);
    let mut claimed: Vec<ClaimedDeadLetter> = results.rows()?;
    claimed.sort();
    Ok((matched.unwrap_or_default(), claimed))
}

/// True of the dead letters of a list that an action has claimed.
macro_rules! is_claimed {
    () => {
        "dead_letter_id IN (SELECT value FROM json_each(?1)) AND claim_id = ?2 AND claimed_until_ms > 0"
    };
}

/// Marks sent dead letters as redriven, and counts them in the action. One that has failed in the meantime has lost its
/// claim, stays open and is not counted. A repeat changes nothing.
pub async fn mark_redriven(
    database: &dyn Database,
    action: &Action,
    ids: &[Uuid],
) -> Result<(), DatabaseError> {
    // The count is first: the mark ends the claims that are counted.
    let count = Statement::new(
        concat!(
            "UPDATE operator_actions SET affected = affected \
             + (SELECT count(*) FROM dead_letters WHERE ",
            is_claimed!(),
            ") WHERE at_ms = ?3 AND action_id = ?2"
        ),
        [Param::json(&ids)?, Param::text(action.id), action.at_ms.into()],
    );
    let mark = Statement::new(
        concat!(
            "UPDATE dead_letters SET status = 'redriven', due_at_ms = NULL, claimed_until_ms = 0 WHERE ",
            is_claimed!()
        ),
        [Param::json(&ids)?, Param::text(action.id)],
    );
    database.batch_repeatable(vec![count, mark]).await.map(drop)
}

/// Releases the claim on dead letters that were not sent. Only their history shows the attempt.
pub async fn release(
    database: &dyn Database,
    action: &Action,
    ids: &[Uuid],
) -> Result<(), DatabaseError> {
    let release = query!("dead_letters/release.sql", entry = ENTRY).bind([
        ("ids", Param::json(&ids)?),
        ("action_id", Param::text(action.id)),
        ("entry", action.entry("not_sent")),
    ])?;
    database.batch(vec![release]).await.map(drop)
}

/// Discards the oldest open or waiting dead letters, `limit` at most, and records the action. Returns the
/// number of matching and of discarded ones.
pub async fn discard(
    database: &dyn Database,
    action: &Action,
    selection: &Selection,
    limit: i64,
) -> Result<(i64, usize), DatabaseError> {
    let values = [
        ("filter", selection.param()?),
        ("now_ms", action.at_ms.into()),
        ("action_id", Param::text(action.id)),
        ("operator", action.operator.as_str().into()),
        ("note", action.note.as_deref().into()),
        ("entry", action.entry("discard")),
        ("limit", limit.into()),
    ];
    let record = query_for!(selection, "dead_letters/record_discard.sql").bind(values.clone())?;
    let discard = query_for!(selection, "dead_letters/discard.sql").bind(values)?;
    let statements = vec![count(selection, action.at_ms)?, record, discard];
    let mut results = Results::new(database.batch(statements).await?);
    let open = results.first::<CountRow>()?.map_or(0, |row| row.open);
    results.skip(1);
    Ok((open, results.column::<Uuid>()?.len()))
}

/// A recorded action.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RecordedAction {
    pub at_ms: i64,
    pub action_id: Uuid,
    pub operator: String,
    /// redrive, edit or discard.
    pub action: String,
    /// As JSON.
    pub selection: String,
    pub note: Option<String>,
    pub affected: i64,
}

/// The position of an action in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionPosition {
    pub at_ms: i64,
    pub action_id: Uuid,
}

/// Returns a page of recorded actions, newest first.
pub async fn list(
    database: &dyn Database,
    after: Option<&ActionPosition>,
    limit: i64,
) -> Result<Page<RecordedAction>, DatabaseError> {
    let [limit, bytes_max] = fitting(limit);
    let select = query!("dead_letters/actions.sql").bind([
        ("after_ms", after.map(|position| position.at_ms).into()),
        ("after_id", after.map(|position| position.action_id.to_string()).as_deref().into()),
        limit,
        bytes_max,
    ])?;
    Results::new(database.batch(vec![select]).await?).page()
}

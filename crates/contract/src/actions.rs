//! Operators' actions on dead letters: redrive, discard, and the list of both.

use crate::checks::{Checks, FieldCode, Validate};
use crate::dead_letters::DeadLetterFilter;
use crate::values::Instant;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use uuid::Uuid;

/// Dead letters of one call, at most (a project default): ten batches, some seconds.
pub const DEAD_LETTERS_MAX: u32 = 1_000;
/// Dead letters of a call with a filter and without a limit; a project default.
const LIMIT_DEFAULT: i64 = 100;
/// Dead letters per second, at most; a project default.
pub const RATE_PER_S_MAX: u32 = 1_000;
/// Characters of a note, at most; a project default.
const NOTE_CHARS_MAX: usize = 2_000;

/// A redrive of dead letters. Either `ids` or `filter` is required.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(example = serde_json::json!({ "filter": { "queue": "ai-analysis" }, "dry_run": true }))]
pub struct Redrive {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = DEAD_LETTERS_MAX))]
    pub ids: Option<Vec<Uuid>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<DeadLetterFilter>,
    /// Counts the dead letters and changes nothing.
    pub dry_run: bool,
    /// The number of dead letters, at most, the oldest first; 100 by default for a filter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = DEAD_LETTERS_MAX))]
    pub limit: Option<u32>,
    /// The number of messages a second that the queue delivers; all at once by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = RATE_PER_S_MAX))]
    pub rate_per_s: Option<u32>,
    /// With `ids`: redrives them in any status, and after three redrives too.
    pub force: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = NOTE_CHARS_MAX))]
    pub note: Option<String>,
}

/// A redrive of one dead letter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(example = serde_json::json!({ "note": "the cause is fixed" }))]
pub struct RedriveOne {
    /// The event to send in place of the stored text: of the same queue, with the same id and athlete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Redrives it in any status, and after three redrives too.
    pub force: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = NOTE_CHARS_MAX))]
    pub note: Option<String>,
}

/// A discard of dead letters. Either `ids` or `filter` is required.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "filter": { "reason": "decode: " }, "note": "a drill" }))]
pub struct Discard {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = DEAD_LETTERS_MAX))]
    pub ids: Option<Vec<Uuid>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<DeadLetterFilter>,
    /// Counts the dead letters and changes nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// The number of dead letters, at most, the oldest first; 100 by default for a filter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = DEAD_LETTERS_MAX))]
    pub limit: Option<u32>,
    /// The reason.
    #[schemars(length(min = 1, max = NOTE_CHARS_MAX))]
    pub note: String,
}

impl Validate for Redrive {
    fn validate(&self, checks: &mut Checks) {
        check_selection(checks, self.ids.as_deref(), self.filter.as_ref(), self.limit);
        checks.range("rate_per_s", self.rate_per_s, &(1..=RATE_PER_S_MAX));
        checks.text("note", self.note.as_deref(), NOTE_CHARS_MAX);
        if self.force && self.filter.is_some() {
            let detail = "requires ids: a filter could redrive events that always fail";
            checks.reject("force", FieldCode::Conflict, detail);
        }
    }
}

impl Validate for RedriveOne {
    fn validate(&self, checks: &mut Checks) {
        checks.text("note", self.note.as_deref(), NOTE_CHARS_MAX);
    }
}

impl Validate for Discard {
    fn validate(&self, checks: &mut Checks) {
        check_selection(checks, self.ids.as_deref(), self.filter.as_ref(), self.limit);
        checks.text("note", Some(&self.note), NOTE_CHARS_MAX);
        if self.note.trim().is_empty() {
            checks.reject("note", FieldCode::Empty, "must state the reason");
        }
    }
}

fn check_selection(
    checks: &mut Checks,
    ids: Option<&[Uuid]>,
    filter: Option<&DeadLetterFilter>,
    limit: Option<u32>,
) {
    const LIMITS: RangeInclusive<u32> = 1..=DEAD_LETTERS_MAX;
    if ids.is_some() == filter.is_some() {
        let code = if ids.is_some() { FieldCode::Conflict } else { FieldCode::Required };
        checks.reject("", code, "must have either ids or a filter");
    }
    checks.length("ids", ids.map_or(0, <[_]>::len), DEAD_LETTERS_MAX as usize);
    checks.range("limit", limit, &LIMITS);
}

/// Returns the number of dead letters of a call, at most.
pub fn limit(limit: Option<u32>, ids: Option<&[Uuid]>) -> i64 {
    let default = ids.map_or(LIMIT_DEFAULT, |ids| i64::try_from(ids.len()).unwrap_or(i64::MAX));
    limit.map_or(default, i64::from)
}

/// The counts of a redrive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RedriveResult {
    /// The dead letters that matched before anything was sent.
    pub matched: i64,
    pub redriven: usize,
    /// Those that were redriven three times, and that only `force` redrives.
    pub held_back: i64,
    /// Those that no queue accepts: they are too long, or their queue no longer exists.
    pub unsendable: usize,
    /// Null after a dry run.
    pub action_id: Option<Uuid>,
}

/// The counts of a discard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiscardResult {
    pub matched: i64,
    pub discarded: usize,
    /// Null after a dry run.
    pub action_id: Option<Uuid>,
}

/// An action of an operator on dead letters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OperatorAction {
    pub id: Uuid,
    pub at: Instant,
    /// The name in `X-Operator`, or the fingerprint of the token.
    pub operator: String,
    pub action: ActionKind,
    /// The filter, or the ids, as stored.
    #[schemars(with = "std::collections::BTreeMap<String, serde_json::Value>")]
    pub selection: serde_json::Value,
    pub note: Option<String>,
    /// The number of dead letters that were sent or discarded.
    pub affected: i64,
}

/// The kind of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    Redrive,
    /// A redrive with an edited body.
    Edit,
    Discard,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{ParseError, parse_json};
    use chrono::DateTime;
    use serde_json::{Value, json};

    fn check<T: serde::de::DeserializeOwned + Validate>(body: &Value, pointers: &[&str]) {
        let result = parse_json::<T>(body.to_string().as_bytes(), DateTime::default());
        let found: Vec<_> = match &result {
            Ok(_) => Vec::new(),
            Err(ParseError::Invalid(errors)) => {
                errors.kept().iter().filter_map(|error| error.pointer.as_deref()).collect()
            }
            Err(ParseError::NotJson(error)) => panic!("{error}"),
        };
        assert_eq!(found, pointers, "{body}");
    }

    #[test]
    fn each_invalid_field_of_an_action_is_reported() {
        let id = Uuid::nil();
        check::<Redrive>(&json!({ "filter": {}, "limit": 5, "note": null }), &[]);
        check::<Redrive>(&json!({}), &[""]);
        check::<Redrive>(&json!({ "ids": [id], "filter": {} }), &[""]);
        check::<Redrive>(&json!({ "ids": ["x"] }), &["/ids/0"]);
        check::<Redrive>(&json!({ "ids": vec![id; 1_001] }), &["/ids"]);
        check::<Redrive>(&json!({ "filter": { "queu": "x" } }), &["/filter/queu"]);
        check::<Redrive>(&json!({ "filter": { "status": "x" } }), &["/filter/status"]);
        check::<Redrive>(&json!({ "filter": { "since": "today" } }), &["/filter/since"]);
        let many = json!({ "filter": {}, "force": true, "limit": 0, "rate_per_s": 1_001 });
        check::<Redrive>(&many, &["/limit", "/rate_per_s", "/force"]);
        check::<Discard>(&json!({ "filter": {} }), &["/note"]);
        check::<Discard>(&json!({ "note": " " }), &["", "/note"]);
        check::<Discard>(&json!({ "filter": {}, "note": "x", "force": true }), &["/force"]);
        check::<RedriveOne>(&json!({}), &[]);
        check::<RedriveOne>(&json!({ "body": {} }), &["/body"]);
    }

    #[test]
    fn null_is_no_value_of_a_flag() {
        for name in ["dry_run", "force"] {
            let body = json!({ "filter": {}, name: null });
            check::<Redrive>(&body, &[&format!("/{name}")]);
        }
    }
}

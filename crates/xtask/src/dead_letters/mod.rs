//! `cargo xtask dead-letters`: the operators' calls on dead letters, as commands.

mod options;

pub use options::Options;

use crate::http::{Api, Request};
use crate::project::Project;
use anyhow::{Context, Result};
use options::{Action, Filter, Redrive, Selection, Target};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::time::Duration;

const PATH: &str = "/v1/admin/dead-letters";
/// A redrive of 1,000 dead letters, the slowest call, takes less.
const TIMEOUT: Duration = Duration::from_mins(1);
/// A longer reason is cut in a table, so that a row fits a terminal line.
const REASON_CHARS_MAX: usize = 70;

/// Calls the api and prints the result.
pub fn run(project: &Project, options: &Options) -> Result<()> {
    let api = OperatorApi::new(&options.target, &project.path(&options.target.state))?;
    match &options.action {
        Action::List { filter, limit } => {
            let limit = limit.map(|limit| limit.to_string());
            list(&api, filter, limit.as_deref())
        }
        Action::Groups { filter } => groups(&api, filter),
        Action::Show { id } => {
            print!("{}", describe(&api.get(&format!("{PATH}/{id}"), &[])?));
            Ok(())
        }
        Action::Redrive(options) => redrive(&api, options),
        Action::Discard { selection, note } => discard(&api, selection, note),
    }
}

/// The api with an operator's credentials.
struct OperatorApi {
    api: Api,
    token: String,
    operator: String,
}

impl OperatorApi {
    /// Returns the api of the URL, or that of the local stack in the state directory.
    fn new(target: &Target, state: &Path) -> Result<Self> {
        // An empty environment variable is as good as none.
        let given = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
        let (base, token) = match &target.url {
            None => read_local_stack(state)?,
            Some(url) => {
                let token = given(&target.token);
                (url.clone(), token.context("--token or OPERATOR_TOKEN is required with --url")?)
            }
        };
        let operator = given(&target.operator).unwrap_or_else(|| "xtask".to_owned());
        Ok(Self { api: Api::new(&base, TIMEOUT)?, token, operator })
    }

    fn get(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Value> {
        let query =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let path = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
        self.call("GET", &path, None)
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.call("POST", path, Some(body))
    }

    fn call(
        &self,
        method: &'static str,
        path_and_query: &str,
        body: Option<&Value>,
    ) -> Result<Value> {
        self.api.call(&Request {
            method,
            path_and_query,
            token: &self.token,
            operator: Some(&self.operator),
            idempotency_key: None,
            body,
        })
    }
}

/// Returns address and operator token of a running `cargo xtask dev`.
fn read_local_stack(state: &Path) -> Result<(String, String)> {
    let file = state.join("dev.json");
    let text = std::fs::read_to_string(&file).with_context(|| {
        format!(
            "no local stack is ready ({}); start `cargo xtask dev`, or pass --url",
            file.display()
        )
    })?;
    let stack: Value = serde_json::from_str(&text)?;
    let field = |name: &str| {
        let value = stack.get(name).and_then(Value::as_str).map(str::to_owned);
        value.with_context(|| format!("{} has no {name}", file.display()))
    };
    Ok((field("api_url")?, field("operator_token")?))
}

fn list(api: &OperatorApi, filter: &Filter, limit: Option<&str>) -> Result<()> {
    let mut parameters = filter.fields();
    parameters.extend(limit.map(|limit| ("limit", limit)));
    let page = api.get(PATH, &parameters)?;
    let rows: Vec<_> = items(&page)
        .map(|item| {
            vec![
                text(item, "failed_at"),
                text(item, "status"),
                text(item, "queue"),
                short_type(item),
                text(item, "redrives"),
                text(item, "id"),
                shorten(&text(item, "reason")),
            ]
        })
        .collect();
    print!(
        "{}",
        table(&["failed at", "status", "queue", "type", "redrives", "id", "reason"], &rows)
    );
    println!("{} of {}", rows.len(), text(&page, "total"));
    Ok(())
}

fn groups(api: &OperatorApi, filter: &Filter) -> Result<()> {
    let page = api.get(&format!("{PATH}/groups"), &filter.fields())?;
    let rows: Vec<_> = items(&page)
        .map(|item| {
            vec![
                text(item, "count"),
                text(item, "first_failed_at"),
                text(item, "last_failed_at"),
                text(item, "queue"),
                short_type(item),
                // Not shortened: --group takes it.
                text(item, "reason_group"),
            ]
        })
        .collect();
    print!("{}", table(&["count", "first", "last", "queue", "type", "reason"], &rows));
    Ok(())
}

/// Returns the fields, the history and the body of a dead letter as text.
fn describe(dead_letter: &Value) -> String {
    const FIELDS: [&str; 13] = [
        "id",
        "status",
        "queue",
        "event_type",
        "event_id",
        "athlete_id",
        "trace_id",
        "message_id",
        "reason",
        "attempts",
        "failed_at",
        "redrives",
        "note",
    ];
    let rows: Vec<_> =
        FIELDS.iter().map(|name| vec![(*name).to_owned(), text(dead_letter, name)]).collect();
    let mut page = table(&[], &rows);
    let history: Vec<_> = array(dead_letter, "history")
        .map(|entry| {
            let reason = text(entry, "reason") + &text(entry, "note");
            vec![text(entry, "at"), text(entry, "what"), text(entry, "operator"), reason]
        })
        .collect();
    page.push('\n');
    page.push_str(&table(&["when", "what", "who", "why"], &history));
    for name in ["body", "edited_body"] {
        if let Some(body) = dead_letter.get(name).and_then(Value::as_str) {
            let pretty = serde_json::from_str::<Value>(body).map(|json| format!("{json:#}"));
            let body = pretty.unwrap_or_else(|_| body.to_owned());
            page.extend(["\n", name, "\n", &body, "\n"]);
        }
    }
    page
}

fn redrive(api: &OperatorApi, options: &Redrive) -> Result<()> {
    let Redrive { selection, rate, note, force, body } = options;
    if let (Some(file), [id]) = (body, &selection.ids[..]) {
        let body = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        let request = json!({ "body": body, "force": force, "note": note });
        let result = api.post(&format!("{PATH}/{id}/redrive"), &request)?;
        println!("redriven as edited: {}", text(&result, "redriven"));
        return Ok(());
    }
    let mut request = request_body(selection, note.as_deref());
    request.insert("rate_per_s".to_owned(), json!(rate));
    if *force {
        request.insert("force".to_owned(), json!(true));
    }
    let result = api.post(&format!("{PATH}/redrive"), &request.into())?;
    print_counts(selection, &result, "redriven");
    if number(&result, "held_back") > 0 {
        println!(
            "held back {}: redriven three times already; pass their ids with --force",
            text(&result, "held_back")
        );
    }
    if number(&result, "unsendable") > 0 {
        println!("unsendable {}: no queue accepts them", text(&result, "unsendable"));
    }
    Ok(())
}

fn discard(api: &OperatorApi, selection: &Selection, note: &str) -> Result<()> {
    let request = request_body(selection, Some(note));
    let result = api.post(&format!("{PATH}/discard"), &request.into())?;
    print_counts(selection, &result, "discarded");
    Ok(())
}

/// Returns the fields that redrive and discard share.
fn request_body(selection: &Selection, note: Option<&str>) -> Map<String, Value> {
    let Selection { ids, filter, limit, dry_run, .. } = selection;
    let mut request = Map::new();
    if ids.is_empty() {
        let fields =
            filter.fields().into_iter().map(|(name, value)| (name.to_owned(), json!(value)));
        request.insert("filter".to_owned(), Value::Object(fields.collect()));
    } else {
        request.insert("ids".to_owned(), json!(ids));
    }
    request.insert("dry_run".to_owned(), json!(dry_run));
    request.insert("limit".to_owned(), json!(limit));
    request.insert("note".to_owned(), json!(note));
    request
}

fn print_counts(selection: &Selection, result: &Value, action: &str) {
    let dry_run = if selection.dry_run { " (a dry run: nothing was changed)" } else { "" };
    println!("{:<9} {}", "matched", text(result, "matched"));
    println!("{action:<9} {}{dry_run}", text(result, action));
}

fn items(page: &Value) -> impl Iterator<Item = &Value> {
    array(page, "items")
}

fn array<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn text(value: &Value, name: &str) -> String {
    match value.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn number(value: &Value, name: &str) -> i64 {
    value.get(name).and_then(Value::as_i64).unwrap_or_default()
}

/// Returns `WorkoutCompleted` for `bulktrack.WorkoutCompleted.v1`.
fn short_type(item: &Value) -> String {
    let name = text(item, "event_type");
    let short = name.strip_prefix("bulktrack.").unwrap_or(&name);
    short.strip_suffix(".v1").unwrap_or(short).to_owned()
}

fn shorten(text: &str) -> String {
    if text.chars().count() <= REASON_CHARS_MAX {
        return text.to_owned();
    }
    text.chars().take(REASON_CHARS_MAX - 1).chain(['…']).collect()
}

/// Returns columns as wide as their widest cell, without control characters.
fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let clean = |cell: &str| cell.chars().filter(|c| !c.is_control()).collect::<String>();
    let mut lines: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| clean(cell)).collect()).collect();
    if !head.is_empty() {
        lines.insert(0, head.iter().map(|name| (*name).to_owned()).collect());
    }
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..columns).filter_map(width).collect();
    let mut text = String::new();
    for line in &lines {
        let cells: Vec<_> =
            line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_align_columns_and_drop_control_characters() {
        let rows = [
            vec!["1".to_owned(), "ünit".to_owned()],
            vec!["10\u{1b}[2J".to_owned(), String::new()],
        ];
        assert_eq!(table(&["n", "what"], &rows), "n      what\n1      ünit\n10[2J\n");
        assert_eq!(table(&[], &[]), "");
    }

    #[test]
    fn request_body_contains_ids_or_given_filter_fields() {
        let filter = Filter { group: Some("g".to_owned()), ..Filter::default() };
        let mut selection =
            Selection { ids: Vec::new(), all: false, filter, limit: None, dry_run: true };
        let expected = json!({ "filter": { "reason_group": "g" }, "dry_run": true, "limit": null, "note": "why" });
        assert_eq!(Value::from(request_body(&selection, Some("why"))), expected);
        selection.ids.push("a".to_owned());
        selection.limit = std::num::NonZeroU32::new(5);
        let expected = json!({ "ids": ["a"], "dry_run": true, "limit": 5, "note": null });
        assert_eq!(Value::from(request_body(&selection, None)), expected);
    }

    #[test]
    fn long_reasons_and_event_types_are_shortened() {
        let long = shorten(&"x".repeat(71));
        assert_eq!((long.chars().count(), long.ends_with('…')), (70, true));
        assert_eq!(shorten("short"), "short");
        let item = json!({ "event_type": "bulktrack.WorkoutCompleted.v1" });
        assert_eq!(short_type(&item), "WorkoutCompleted");
        assert_eq!(short_type(&json!({ "event_type": null })), "");
    }

    #[test]
    fn dead_letters_are_described_with_history_and_body() {
        let page = describe(&json!({
            "id": "i", "status": "open", "redrives": 1, "reason": "timeout", "note": null,
            "history": [
                { "at": "t1", "what": "failed", "reason": "timeout" },
                { "at": "t2", "what": "redrive", "operator": "ann", "note": "it is up" },
            ],
            "body": "{\"a\":1}", "edited_body": null,
        }));
        assert!(page.contains("redrives    1\n"), "{page}");
        assert!(page.contains("when  what     who  why\nt1    failed        timeout\nt2    redrive  ann  it is up\n"), "{page}");
        assert!(page.ends_with("\nbody\n{\n  \"a\": 1\n}\n"), "{page}");
    }
}

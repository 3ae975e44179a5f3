//! `cargo xtask dead-letters`: the operators' calls on dead letters, as commands.

mod options;

pub use options::Options;

use crate::http::Api;
use crate::project::Project;
use crate::state::RunningStack;
use anyhow::{Context, Result};
use options::{Action, Filter, Redrive, Selection, Target};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

const PATH: &str = "/v1/admin/dead-letters";
/// A redrive of 1,000 dead letters, the slowest call, takes less.
const TIMEOUT: Duration = Duration::from_mins(1);
/// A longer reason is cut in a table, so that a row fits a terminal line.
const REASON_CHARS_MAX: usize = 70;

/// Calls the api and prints the result.
pub fn run(project: &Project, options: &Options) -> Result<()> {
    let api = connect(&options.target, &project.path(&options.target.state))?;
    match &options.action {
        Action::List { filter, limit } => {
            let limit = limit.map(|limit| limit.to_string());
            list(&api, filter, limit.as_deref())
        }
        Action::Groups { filter } => groups(&api, filter),
        Action::Show { id } => {
            print!("{}", describe(&api.get(&format!("{PATH}/{id}"))?));
            Ok(())
        }
        Action::Redrive(options) => redrive(&api, options),
        Action::Discard { selection, note } => discard(&api, selection, note),
    }
}

/// Returns a client for the api of the URL, or for the local stack in the state directory.
fn connect(target: &Target, state: &Path) -> Result<Api> {
    // An empty environment variable counts as absent.
    let given = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
    let (base, token) = match &target.url {
        None => {
            let stack = RunningStack::read(state)?;
            (stack.api_url, stack.operator_token)
        }
        Some(url) => {
            let token = given(&target.token);
            (url.clone(), token.context("--token or OPERATOR_TOKEN is required with --url")?)
        }
    };
    let operator = given(&target.operator).unwrap_or_else(|| "xtask".to_owned());
    Ok(Api::new(&base, TIMEOUT)?.with_token(&token).with_operator(&operator))
}

/// Returns a path with an encoded query.
fn with_query(path: &str, parameters: BTreeMap<&str, &str>) -> String {
    let mut query = form_urlencoded::Serializer::for_suffix(format!("{path}?"), path.len() + 1);
    query.extend_pairs(parameters).finish()
}

fn list(api: &Api, filter: &Filter, limit: Option<&str>) -> Result<()> {
    const COLUMNS: [(&str, &str); 7] = [
        ("failed at", "failed_at"),
        ("status", "status"),
        ("queue", "queue"),
        ("type", "event_type"),
        ("redrives", "redrives"),
        ("id", "id"),
        ("reason", "reason"),
    ];
    let mut parameters = filter.fields();
    parameters.extend(limit.map(|limit| ("limit", limit)));
    let page = api.get(&with_query(PATH, parameters))?;
    print!("{}", columns(&page, "items", &COLUMNS));
    println!("{} of {}", array(&page, "items").count(), text(&page, "total"));
    Ok(())
}

fn groups(api: &Api, filter: &Filter) -> Result<()> {
    const COLUMNS: [(&str, &str); 6] = [
        ("count", "count"),
        ("first", "first_failed_at"),
        ("last", "last_failed_at"),
        ("queue", "queue"),
        ("type", "event_type"),
        ("reason", "reason_group"),
    ];
    let page = api.get(&with_query(&format!("{PATH}/groups"), filter.fields()))?;
    print!("{}", columns(&page, "items", &COLUMNS));
    Ok(())
}

/// Returns the fields, the history and the body of a dead letter as text.
fn describe(dead_letter: &Value) -> String {
    let fields = "id status queue event_type event_id athlete_id trace_id message_id reason \
                  attempts failed_at redrives note";
    let rows = fields.split(' ').map(|name| vec![name.to_owned(), text(dead_letter, name)]);
    let mut page = table(rows.collect());
    let history = array(dead_letter, "history").map(|entry| {
        let reason = text(entry, "reason") + &text(entry, "note");
        vec![text(entry, "at"), text(entry, "what"), text(entry, "operator"), reason]
    });
    let head = ["when", "what", "who", "why"].map(str::to_owned).to_vec();
    page.push('\n');
    page.push_str(&table(std::iter::once(head).chain(history).collect()));
    for name in ["body", "edited_body"] {
        if let Some(body) = dead_letter.get(name).and_then(Value::as_str) {
            let pretty = serde_json::from_str::<Value>(body).map(|json| format!("{json:#}"));
            let body = pretty.unwrap_or_else(|_| body.to_owned());
            page.extend(["\n", name, "\n", &body, "\n"]);
        }
    }
    page
}

fn redrive(api: &Api, options: &Redrive) -> Result<()> {
    let Redrive { selection, rate, note, force, body } = options;
    if let (Some(file), [id]) = (body, &selection.ids[..]) {
        let body = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        let request = json!({ "body": body, "force": force, "note": note });
        let result: Value = api.post(&format!("{PATH}/{id}/redrive"), "", &request)?;
        println!("redriven as edited: {}", text(&result, "redriven"));
        return Ok(());
    }
    let mut request = request_body(selection, note.as_deref());
    request.insert("rate_per_s".to_owned(), json!(rate));
    if *force {
        request.insert("force".to_owned(), json!(true));
    }
    let result: Value = api.post(&format!("{PATH}/redrive"), "", &request.into())?;
    print_counts(selection, &result, "redriven");
    for (field, text) in [
        ("held_back", "held back {}: redriven three times already; pass their ids with --force"),
        ("unsendable", "unsendable {}: no queue accepts them"),
    ] {
        if let Some(count @ 1..) = result.get(field).and_then(Value::as_u64) {
            println!("{}", text.replace("{}", &count.to_string()));
        }
    }
    Ok(())
}

fn discard(api: &Api, selection: &Selection, note: &str) -> Result<()> {
    let request = request_body(selection, Some(note)).into();
    let result: Value = api.post(&format!("{PATH}/discard"), "", &request)?;
    print_counts(selection, &result, "discarded");
    Ok(())
}

/// Returns the fields that redrive and discard share.
fn request_body(selection: &Selection, note: Option<&str>) -> Map<String, Value> {
    let Selection { ids, filter, limit, dry_run, .. } = selection;
    let (name, value) = match &ids[..] {
        [] => ("filter", json!(filter.fields())),
        ids => ("ids", json!(ids)),
    };
    let (dry_run, limit, note) = (json!(dry_run), json!(limit), json!(note));
    let fields = [(name, value), ("dry_run", dry_run), ("limit", limit), ("note", note)];
    fields.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
}

fn print_counts(selection: &Selection, result: &Value, action: &str) {
    let dry_run = if selection.dry_run { " (a dry run: nothing was changed)" } else { "" };
    println!("{:<9} {}", "matched", text(result, "matched"));
    println!("{action:<9} {}{dry_run}", text(result, action));
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

/// Returns a table of items. A column is a heading and the name of a field.
fn columns(page: &Value, items: &str, columns: &[(&str, &str)]) -> String {
    let head = columns.iter().map(|(heading, _)| (*heading).to_owned()).collect();
    let row = |item| columns.iter().map(|(_, field)| cell(item, field)).collect();
    table(std::iter::once(head).chain(array(page, items).map(row)).collect())
}

/// Returns the text of a field, shortened for a table. A reason group is not: `--group` takes it.
fn cell(item: &Value, field: &str) -> String {
    let text = text(item, field);
    match field {
        "event_type" => {
            let name = text.strip_prefix("bulktrack.").unwrap_or(&text);
            name.strip_suffix(".v1").unwrap_or(name).to_owned()
        }
        "reason" if text.chars().count() > REASON_CHARS_MAX => {
            text.chars().take(REASON_CHARS_MAX - 1).chain(['…']).collect()
        }
        _ => text,
    }
}

/// Returns columns as wide as their widest cell, without control characters.
fn table(mut rows: Vec<Vec<String>>) -> String {
    let mut widths = Vec::new();
    for row in &mut rows {
        widths.resize(row.len().max(widths.len()), 0);
        for (cell, width) in row.iter_mut().zip(&mut widths) {
            cell.retain(|c| !c.is_control());
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_align_columns_and_drop_control_characters() {
        let rows = vec![
            vec!["n".to_owned(), "what".to_owned()],
            vec!["1".to_owned(), "ünit".to_owned()],
            vec!["10\u{1b}[2J".to_owned(), String::new()],
        ];
        assert_eq!(table(rows), "n      what\n1      ünit\n10[2J\n");
        assert_eq!(table(Vec::new()), "");
    }

    #[test]
    fn queries_are_encoded() {
        let path = with_query("/v1/x", [("q", "a b&c=ü"), ("limit", "5")].into());
        assert_eq!(path, "/v1/x?limit=5&q=a+b%26c%3D%C3%BC");
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
        let reason = |text: &str| cell(&json!({ "reason": text }), "reason");
        let long = reason(&"x".repeat(71));
        assert_eq!((long.chars().count(), long.ends_with('…')), (70, true));
        assert_eq!(reason("short"), "short");
        let item = json!({ "event_type": "bulktrack.WorkoutCompleted.v1" });
        assert_eq!(cell(&item, "event_type"), "WorkoutCompleted");
        assert_eq!(cell(&json!({ "event_type": null }), "event_type"), "");
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

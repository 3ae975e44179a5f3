//! `cargo xtask dead-letters`: the operators' calls on dead letters, as commands.

mod options;

pub use options::Options;

use crate::http::Api;
use crate::project::Project;
use crate::state::RunningStack;
use anyhow::{Context, Result};
use contract::Items;
use contract::actions::{Discard, DiscardResult, Redrive, RedriveOne, RedriveResult};
use contract::dead_letters::{DeadLetter, DeadLetterDetail, DeadLetterGroup, DeadLetterPage};
use options::{Action, Filter, Selection, Target};
use serde_json::Value;
use std::collections::BTreeMap;
use std::num::NonZeroU32;
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
    let mut parameters = filter.fields();
    parameters.extend(limit.map(|limit| ("limit", limit)));
    let page: DeadLetterPage = api.get(&with_query(PATH, parameters))?;
    let head = ["failed at", "status", "queue", "type", "redrives", "id", "reason"];
    let rows = page.items.iter().map(|item| {
        vec![
            item.failed_at.to_string(),
            status(item),
            item.queue.clone(),
            short_type(item.event_type.as_deref()),
            item.redrives.to_string(),
            item.id.to_string(),
            short_reason(&item.reason),
        ]
    });
    print!("{}", table_with_head(&head, rows));
    println!("{} of {}", page.items.len(), page.total);
    Ok(())
}

fn groups(api: &Api, filter: &Filter) -> Result<()> {
    let path = with_query(&format!("{PATH}/groups"), filter.fields());
    let groups: Items<DeadLetterGroup> = api.get(&path)?;
    let rows = groups.items.iter().map(|group| {
        vec![
            group.count.to_string(),
            group.first_failed_at.to_string(),
            group.last_failed_at.to_string(),
            group.queue.clone(),
            short_type(group.event_type.as_deref()),
            // In full: `--group` takes it.
            group.reason_group.clone(),
        ]
    });
    print!("{}", table_with_head(&["count", "first", "last", "queue", "type", "reason"], rows));
    Ok(())
}

/// Returns the fields, the history and the body of a dead letter as text.
fn describe(detail: &DeadLetterDetail) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let DeadLetter { id, queue, event_type, event_id, athlete_id, .. } = &detail.summary;
    let DeadLetter { reason, attempts, failed_at, redrives, note, .. } = &detail.summary;
    let fields = [
        ("id", id.to_string()),
        ("status", status(&detail.summary)),
        ("queue", queue.clone()),
        ("event_type", text(event_type)),
        ("event_id", text(event_id)),
        ("athlete_id", text(athlete_id)),
        ("trace_id", text(&detail.trace_id)),
        ("message_id", detail.message_id.clone()),
        ("reason", reason.clone()),
        ("attempts", attempts.to_string()),
        ("failed_at", failed_at.to_string()),
        ("redrives", redrives.to_string()),
        ("note", text(note)),
    ];
    let mut page = table(fields.map(|(name, value)| vec![name.to_owned(), value]).into());
    let history = detail.history.iter().map(|entry| {
        let reason = text(&entry.reason) + &text(&entry.note);
        vec![entry.at.to_string(), entry.what.name().to_owned(), text(&entry.operator), reason]
    });
    page.push('\n');
    page.push_str(&table_with_head(&["when", "what", "who", "why"], history));
    for (name, body) in [("body", Some(&detail.body)), ("edited_body", detail.edited_body.as_ref())]
    {
        if let Some(body) = body {
            let pretty = serde_json::from_str::<Value>(body).map(|json| format!("{json:#}"));
            let body = pretty.unwrap_or_else(|_| body.clone());
            page.extend(["\n", name, "\n", &body, "\n"]);
        }
    }
    page
}

fn redrive(api: &Api, options: &options::Redrive) -> Result<()> {
    let options::Redrive { selection, rate, note, force, body } = options;
    if let (Some(file), [id]) = (body, &selection.ids[..]) {
        let body = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        let request = RedriveOne { body: Some(body), force: *force, note: note.clone() };
        let result: RedriveResult = api.post(&format!("{PATH}/{id}/redrive"), "", &request)?;
        println!("redriven as edited: {}", result.redriven);
        return Ok(());
    }
    let request = Redrive {
        ids: selection.ids()?,
        filter: selection.filter()?,
        dry_run: selection.dry_run,
        limit: selection.limit.map(NonZeroU32::get),
        rate_per_s: rate.map(NonZeroU32::get),
        force: *force,
        note: note.clone(),
    };
    let result: RedriveResult = api.post(&format!("{PATH}/redrive"), "", &request)?;
    print_counts(selection, result.matched, "redriven", result.redriven);
    if result.held_back > 0 {
        let held_back = result.held_back;
        println!(
            "held back {held_back}: redriven three times already; pass their ids with --force"
        );
    }
    if result.unsendable > 0 {
        println!("unsendable {}: no queue accepts them", result.unsendable);
    }
    Ok(())
}

fn discard(api: &Api, selection: &Selection, note: &str) -> Result<()> {
    let request = Discard {
        ids: selection.ids()?,
        filter: selection.filter()?,
        dry_run: selection.dry_run,
        limit: selection.limit.map(NonZeroU32::get),
        note: note.to_owned(),
    };
    let result: DiscardResult = api.post(&format!("{PATH}/discard"), "", &request)?;
    print_counts(selection, result.matched, "discarded", result.discarded);
    Ok(())
}

fn print_counts(selection: &Selection, matched: i64, action: &str, count: usize) {
    let dry_run = if selection.dry_run { " (a dry run: nothing was changed)" } else { "" };
    println!("{:<9} {matched}", "matched");
    println!("{action:<9} {count}{dry_run}");
}

/// Returns the status, and when the sweep redrives a dead letter that is waiting.
fn status(item: &DeadLetter) -> String {
    let name = item.status.name();
    item.next_redrive_at.map_or_else(|| name.to_owned(), |at| format!("{name} until {at}"))
}

/// Returns the name of an event type without the parts that all have.
fn short_type(event_type: Option<&str>) -> String {
    let text = event_type.unwrap_or_default();
    let name = text.strip_prefix("bulktrack.").unwrap_or(text);
    name.strip_suffix(".v1").unwrap_or(name).to_owned()
}

/// Returns a reason that fits a table.
fn short_reason(reason: &str) -> String {
    if reason.chars().count() <= REASON_CHARS_MAX {
        return reason.to_owned();
    }
    reason.chars().take(REASON_CHARS_MAX - 1).chain(['…']).collect()
}

fn table_with_head(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let head = head.iter().map(|heading| (*heading).to_owned()).collect();
    table(std::iter::once(head).chain(rows).collect())
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
    use contract::dead_letters::DeadLetterStatus;
    use serde_json::json;

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
    fn selection_has_ids_or_given_filter_fields() {
        let filter = Filter { group: Some("g".to_owned()), ..Filter::default() };
        let mut selection =
            Selection { ids: Vec::new(), all: false, filter, limit: None, dry_run: true };
        let model = selection.filter().unwrap().unwrap();
        assert_eq!((selection.ids().unwrap(), model.reason_group.as_deref()), (None, Some("g")));
        selection.filter.status = Some("x".to_owned());
        assert!(selection.filter().is_err());
        selection.ids.push("01a20788-3c08-7252-bf90-cbf6a373a06f".to_owned());
        assert_eq!(selection.ids().unwrap().unwrap().len(), 1);
        assert_eq!(selection.filter().unwrap(), None);
        selection.ids.push("a".to_owned());
        assert!(selection.ids().is_err());
    }

    #[test]
    fn long_reasons_and_event_types_are_shortened() {
        let long = short_reason(&"x".repeat(71));
        assert_eq!((long.chars().count(), long.ends_with('…')), (70, true));
        assert_eq!(short_reason("short"), "short");
        assert_eq!(short_type(Some("bulktrack.WorkoutCompleted.v1")), "WorkoutCompleted");
        assert_eq!(short_type(None), "");
    }

    #[test]
    fn waiting_dead_letter_has_the_time_of_its_redrive() {
        let at = "2026-11-23T12:00:00.000Z";
        let mut item: DeadLetter = serde_json::from_value(json!({
            "id": "01a20788-3c08-7252-bf90-cbf6a373a06f", "status": "waiting", "redrives": 0,
            "queue": "ai-analysis", "reason": "timeout", "reason_group": "timeout", "attempts": 4,
            "failed_at": at, "next_redrive_at": at, "note": null,
        }))
        .unwrap();
        assert_eq!(status(&item), "waiting until 2026-11-23T12:00:00.000Z");
        (item.status, item.next_redrive_at) = (DeadLetterStatus::Open, None);
        assert_eq!(status(&item), "open");
    }

    #[test]
    fn dead_letters_are_described_with_history_and_body() {
        let at = "2026-11-23T12:00:00.000Z";
        let detail: DeadLetterDetail = serde_json::from_value(json!({
            "id": "01a20788-3c08-7252-bf90-cbf6a373a06f", "status": "open", "redrives": 1,
            "queue": "ai-analysis", "reason": "timeout", "reason_group": "timeout", "attempts": 4,
            "failed_at": at, "message_id": "m", "note": null,
            "history": [
                { "at": at, "what": "failed", "reason": "timeout", "attempts": 4 },
                { "at": at, "what": "redrive", "operator": "ann", "note": "it is up" },
            ],
            "body": "{\"a\":1}", "edited_body": null,
        }))
        .unwrap();
        let page = describe(&detail);
        assert!(page.contains("redrives    1\n"), "{page}");
        let history = format!(
            "when                      what     who  why\n\
             {at}  failed        timeout\n{at}  redrive  ann  it is up\n"
        );
        assert!(page.contains(&history), "{page}");
        assert!(page.ends_with("\nbody\n{\n  \"a\": 1\n}\n"), "{page}");
    }
}

//! `cargo xtask dead-letters`: an operator's hands on the dead letters, over the api.

mod operator_api;
mod options;

pub use options::{Options, Verb, parse};

use anyhow::{Context, Result};
use operator_api::OperatorApi;
use serde_json::{Map, Value, json};
use std::path::Path;

const PATH: &str = "/v1/admin/dead-letters";
/// A reason is cut there in a table (ours: a line of a terminal).
const REASON_CHARS_MAX: usize = 70;

/// Does it. `state` is where the local stack keeps its `dev.json`.
pub fn run(options: &Options, state: &Path) -> Result<()> {
    let api = OperatorApi::of(options, state)?;
    match options.verb {
        Verb::List => list(&api, options),
        Verb::Groups => groups(&api, options),
        Verb::Show => show(&api, options),
        Verb::Redrive => redrive(&api, options),
        Verb::Discard => discard(&api, options),
    }
}

fn list(api: &OperatorApi, options: &Options) -> Result<()> {
    let mut parameters = options.filter.clone();
    parameters.extend(options.limit.map(|limit| ("limit", limit.to_string())));
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
                cut(&text(item, "reason")),
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

fn groups(api: &OperatorApi, options: &Options) -> Result<()> {
    let page = api.get(&format!("{PATH}/groups"), &options.filter)?;
    let rows: Vec<_> = items(&page)
        .map(|item| {
            vec![
                text(item, "count"),
                text(item, "first_failed_at"),
                text(item, "last_failed_at"),
                text(item, "queue"),
                short_type(item),
                // Whole: it is what --group takes.
                text(item, "reason_group"),
            ]
        })
        .collect();
    print!("{}", table(&["count", "first", "last", "queue", "type", "reason"], &rows));
    Ok(())
}

fn show(api: &OperatorApi, options: &Options) -> Result<()> {
    let letter = api.get(&path_of(options, "")?, &[])?;
    print!("{}", shown(&letter));
    Ok(())
}

/// A letter for people to read: its fields, what happened to it, what it says.
fn shown(letter: &Value) -> String {
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
        FIELDS.iter().map(|name| vec![(*name).to_owned(), text(letter, name)]).collect();
    let mut page = table(&[], &rows);
    let history: Vec<_> = letter
        .get("history")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|entry| {
            let said = ["reason", "note"].map(|name| text(entry, name)).join("");
            vec![text(entry, "at"), text(entry, "what"), text(entry, "operator"), said]
        })
        .collect();
    page.push('\n');
    page.push_str(&table(&["when", "what", "who", "why"], &history));
    for name in ["body", "edited_body"] {
        if let Some(body) = letter.get(name).and_then(Value::as_str) {
            let pretty = serde_json::from_str::<Value>(body).map(|json| format!("{json:#}"));
            let body = pretty.unwrap_or_else(|_| body.to_owned());
            page.extend(["\n", name, "\n", &body, "\n"]);
        }
    }
    page
}

fn redrive(api: &OperatorApi, options: &Options) -> Result<()> {
    if let Some(file) = &options.body {
        let body = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        let order = json!({ "body": body, "force": options.force, "note": options.note });
        let answer = api.post(&path_of(options, "/redrive")?, &order)?;
        println!("redriven as edited: {}", text(&answer, "redriven"));
        return Ok(());
    }
    let mut order = order(options);
    order.insert("rate_per_s".to_owned(), json!(options.rate_per_s));
    if options.force {
        order.insert("force".to_owned(), json!(true));
    }
    let answer = api.post(&format!("{PATH}/redrive"), &order.into())?;
    println!("matched   {}", text(&answer, "matched"));
    println!("redriven  {}{}", text(&answer, "redriven"), dry(options));
    if number(&answer, "held_back") > 0 {
        println!(
            "held back {}: redriven three times already; name their ids, with --force",
            text(&answer, "held_back")
        );
    }
    if number(&answer, "unsendable") > 0 {
        println!("unsendable {}: no queue takes them", text(&answer, "unsendable"));
    }
    Ok(())
}

fn discard(api: &OperatorApi, options: &Options) -> Result<()> {
    let answer = api.post(&format!("{PATH}/discard"), &order(options).into())?;
    println!("matched   {}", text(&answer, "matched"));
    println!("discarded {}{}", text(&answer, "discarded"), dry(options));
    Ok(())
}

/// What a redrive and a discard say alike.
fn order(options: &Options) -> Map<String, Value> {
    let mut order = Map::new();
    if options.ids.is_empty() {
        let filter = options.filter.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
        order.insert("filter".to_owned(), Value::Object(filter.collect()));
    } else {
        order.insert("ids".to_owned(), json!(options.ids));
    }
    order.insert("dry_run".to_owned(), json!(options.dry_run));
    order.insert("limit".to_owned(), json!(options.limit));
    order.insert("note".to_owned(), json!(options.note));
    order
}

fn path_of(options: &Options, call: &str) -> Result<String> {
    let id = options.ids.first().context("the id of a dead letter is missing")?;
    Ok(format!("{PATH}/{id}{call}"))
}

fn dry(options: &Options) -> &'static str {
    if options.dry_run { " (a dry run: nothing was changed)" } else { "" }
}

fn items(page: &Value) -> impl Iterator<Item = &Value> {
    page.get("items").and_then(Value::as_array).into_iter().flatten()
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

/// `bulktrack.WorkoutCompleted.v1` is `WorkoutCompleted`.
fn short_type(item: &Value) -> String {
    let name = text(item, "event_type");
    let short = name.strip_prefix("bulktrack.").unwrap_or(&name);
    short.strip_suffix(".v1").unwrap_or(short).to_owned()
}

fn cut(text: &str) -> String {
    if text.chars().count() <= REASON_CHARS_MAX {
        return text.to_owned();
    }
    text.chars().take(REASON_CHARS_MAX - 1).chain(['…']).collect()
}

/// Columns as wide as their widest cell; what would steer a terminal is left out.
fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let clean = |cell: &str| cell.chars().filter(|c| !c.is_control()).collect::<String>();
    let head = (!head.is_empty()).then(|| head.iter().map(|name| (*name).to_owned()).collect());
    let lines: Vec<Vec<String>> = head
        .into_iter()
        .chain(rows.iter().cloned())
        .map(|row: Vec<String>| row.iter().map(|cell| clean(cell)).collect())
        .collect();
    let mut widths = Vec::new();
    for line in &lines {
        widths.resize(widths.len().max(line.len()), 0);
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
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
    fn a_table_has_columns_as_wide_as_their_cells_and_steers_no_terminal() {
        let rows = [
            vec!["1".to_owned(), "ünit".to_owned()],
            vec!["10\u{1b}[2J".to_owned(), String::new()],
        ];
        assert_eq!(table(&["n", "what"], &rows), "n      what\n1      ünit\n10[2J\n");
        assert_eq!(table(&[], &[]), "");
    }

    #[test]
    fn a_long_reason_is_cut_and_a_type_is_short() {
        let long = cut(&"x".repeat(71));
        assert_eq!((long.chars().count(), long.ends_with('…')), (70, true));
        assert_eq!(cut("short"), "short");
        let item = json!({ "event_type": "bulktrack.WorkoutCompleted.v1" });
        assert_eq!(short_type(&item), "WorkoutCompleted");
        assert_eq!(short_type(&json!({ "event_type": null })), "");
    }

    #[test]
    fn a_letter_is_shown_with_its_history_and_its_body() {
        let page = shown(&json!({
            "id": "i", "status": "open", "redrives": 1, "reason": "away", "note": null,
            "history": [
                { "at": "t1", "what": "failed", "reason": "away" },
                { "at": "t2", "what": "redrive", "operator": "ann", "note": "it is back" },
            ],
            "body": "{\"a\":1}", "edited_body": null,
        }));
        assert!(page.contains("redrives    1\n"), "{page}");
        assert!(page.contains("when  what     who  why\nt1    failed        away\nt2    redrive  ann  it is back\n"), "{page}");
        assert!(page.ends_with("\nbody\n{\n  \"a\": 1\n}\n"), "{page}");
    }
}

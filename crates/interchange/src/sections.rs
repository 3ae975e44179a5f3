//! The tables of a Jefit backup: each begins with a line `### EXERCISE LOGS ###`.

use chrono::{DateTime, NaiveDateTime};
use std::collections::BTreeMap;

/// The table with the sets.
const SETS: &str = "EXERCISE LOGS";
/// The table with the times of the workouts.
const SESSIONS: &str = "WORKOUT SESSIONS";
const SETTINGS: &str = "SETTING";
/// The tables that an athlete may miss: what they logged besides sets.
const LOGS: [&str; 4] = ["CARDIO LOGS", "NOTES", "BODY STATS", "BODYPARTS"];

/// The start and the end of each session in UTC, by its number.
pub type Sessions = BTreeMap<String, (NaiveDateTime, NaiveDateTime)>;

/// A table of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section<'a> {
    pub name: &'a str,
    /// The position of its first line in the file, and the one behind its last.
    pub begin: usize,
    pub end: usize,
}

/// Returns the tables of a file; none if it does not begin with one.
pub fn sections(text: &str) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    if !text.trim_start().starts_with("###") {
        return sections;
    }
    let mut position = 0;
    for line in text.split_inclusive(['\n', '\r']) {
        let begin = position;
        position += line.len();
        if line.starts_with("###") {
            let name = line.trim_matches(|c: char| c == '#' || c.is_whitespace());
            if let Some(last) = sections.last_mut().filter(|last| last.end == text.len()) {
                last.end = begin;
            }
            // A line of # only ends a table.
            if !name.is_empty() {
                sections.push(Section { name, begin: position, end: text.len() });
            }
        }
    }
    sections
}

/// Returns the table with the sets.
pub fn set_section<'a>(sections: &[Section<'a>]) -> Option<Section<'a>> {
    sections.iter().find(|section| section.name == SETS).copied()
}

/// Returns the tables that were logged and are not imported, of those with rows.
pub fn ignored<'a>(text: &'a str, sections: &[Section<'a>]) -> Vec<&'a str> {
    let has_rows = |section: &&Section<'_>| rows(text, section).count() > 1;
    let logged = sections.iter().filter(|section| LOGS.contains(&section.name));
    logged.filter(has_rows).map(|section| section.name).collect()
}

/// Returns the sessions with their times.
pub fn sessions(text: &str, sections: &[Section<'_>]) -> Sessions {
    let time = |text: &str| {
        let seconds = text.parse().ok().filter(|seconds| *seconds > 0)?;
        DateTime::from_timestamp(seconds, 0).map(|at| at.naive_utc())
    };
    let columns = table(text, sections, SESSIONS, ["_id", "starttime", "endtime"]);
    columns
        .filter_map(|[id, start, end]| {
            Some((id.to_owned(), (time(start)?, time(end).unwrap_or_default())))
        })
        .collect()
}

/// Returns the unit of weights: ` kg`, ` lbs`.
pub fn weight_unit<'a>(text: &'a str, sections: &[Section<'a>]) -> Option<&'a str> {
    table(text, sections, SETTINGS, ["mass"]).next().map(|[unit]| unit)
}

/// Returns columns of a small table, whose cells have no delimiters.
fn table<'a, const N: usize>(
    text: &'a str,
    sections: &[Section<'a>],
    name: &str,
    columns: [&'static str; N],
) -> impl Iterator<Item = [&'a str; N]> {
    let section = sections.iter().find(|section| section.name == name).copied();
    let mut rows = section.into_iter().flat_map(move |section| rows(text, &section));
    let header: Vec<&str> = rows.next().unwrap_or_default().split(',').map(cell).collect();
    let indexes = columns.map(|column| header.iter().position(|name| *name == column));
    rows.map(move |row| {
        let cells: Vec<&str> = row.split(',').map(cell).collect();
        indexes.map(|index| index.and_then(|index| cells.get(index)).copied().unwrap_or_default())
    })
}

fn rows<'a>(text: &'a str, section: &Section<'_>) -> impl Iterator<Item = &'a str> + use<'a> {
    let rows = text.get(section.begin..section.end).unwrap_or_default().split(['\n', '\r']);
    rows.filter(|row| !row.trim().is_empty())
}

fn cell(text: &str) -> &str {
    text.trim().trim_matches('"').trim()
}

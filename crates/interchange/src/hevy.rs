//! Parses the rows of Hevy, and escapes formulas as Hevy does. A workout is the rows with the same
//! title and start.

use crate::cell::Cell;
use crate::columns::Field;
use crate::parsed_row::ParsedRow;
use crate::row::Row;
use crate::timestamp::parse_timestamp;
use chrono::NaiveDateTime;
use std::borrow::Cow;
use training::{SetKind, Superset};

/// A spreadsheet reads a cell that begins with one of these as a formula (OWASP, CSV injection).
const FORMULA_PREFIXES: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
/// The prefix that makes a spreadsheet read such a cell as text.
const ESCAPE: char = '\'';

/// Returns Hevy's name for a kind of set.
pub const fn set_type(kind: SetKind) -> &'static str {
    match kind {
        SetKind::Warmup => "warmup",
        SetKind::Working => "normal",
        SetKind::Drop => "dropset",
        SetKind::Failure => "failure",
    }
}

/// Escapes a text that a spreadsheet would read as a formula. A text that already looks escaped
/// gets a second escape, so that [`unescape_formula`] returns the original text.
pub fn escape_formula(text: &str) -> Cow<'_, str> {
    if looks_like_formula(text) {
        Cow::Owned(format!("{ESCAPE}{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Returns the text as it was before [`escape_formula`].
pub fn unescape_formula(text: &str) -> &str {
    text.strip_prefix(ESCAPE).filter(|rest| looks_like_formula(rest)).unwrap_or(text)
}

fn looks_like_formula(text: &str) -> bool {
    text.trim_start_matches(ESCAPE).starts_with(FORMULA_PREFIXES)
}

/// Parses a row.
pub fn parse_row<'a>(row: &mut Row<'a>) -> Result<ParsedRow<'a>, String> {
    let started_at = parse_time(row.cell(Field::Start))?;
    let end = row.cell(Field::End);
    let ended_at = if end.value().is_empty() { None } else { Some(parse_time(end)?) };
    if ended_at.is_some_and(|ended_at| ended_at < started_at) {
        return Err(end.error("must not be before the start of the workout"));
    }
    // Unescaped first: the escape does not count towards the length of a text.
    let unescaped = |cell: Cell<'a>| Cell { raw: unescape_formula(cell.raw), ..cell };
    Ok(ParsedRow {
        started_at,
        ended_at,
        title: unescaped(row.cell(Field::Title)).text()?,
        workout_notes: unescaped(row.cell(Field::WorkoutNotes)).text()?,
        exercise: unescaped(row.cell(Field::Exercise)).required_text()?,
        superset: parse_superset(row.cell(Field::Superset))?,
        notes: unescaped(row.cell(Field::Notes)).text()?,
        set_index: parse_index(row.cell(Field::SetIndex))?,
        set: Some(row.parse_set(parse_kind(row.cell(Field::Kind))?)?),
    })
}

fn parse_time(cell: Cell<'_>) -> Result<NaiveDateTime, String> {
    parse_timestamp(cell.value()).ok_or_else(|| cell.error("invalid date and time"))
}

fn parse_superset(cell: Cell<'_>) -> Result<Option<Superset>, String> {
    if cell.value().is_empty() {
        return Ok(None);
    }
    let superset = cell.value().parse().ok().map(Superset::Number).filter(Superset::is_valid);
    superset.map(Some).ok_or_else(|| cell.error("must be an integer between 0 and 2^53"))
}

fn parse_index(cell: Cell<'_>) -> Result<Option<u32>, String> {
    match cell.value() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| cell.error("must be an integer of at least 0")),
    }
}

fn parse_kind(cell: Cell<'_>) -> Result<SetKind, String> {
    match cell.value().to_ascii_lowercase().as_str() {
        "warmup" => Ok(SetKind::Warmup),
        // Empty in a file without the column.
        "normal" | "" => Ok(SetKind::Working),
        "dropset" => Ok(SetKind::Drop),
        "failure" => Ok(SetKind::Failure),
        _ => Err(cell.error("must be warmup, normal, dropset or failure")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_formula_is_unescaped_to_the_same_text() {
        let check = |text: &str, written: &str| {
            assert_eq!(escape_formula(text), written);
            assert_eq!(unescape_formula(written), text);
        };
        check("=1+1", "'=1+1");
        check("+1", "'+1");
        check("-5 kg", "'-5 kg");
        check("@home", "'@home");
        check("\tx", "'\tx");
        check("\rx", "'\rx");
        check("'=1+1", "''=1+1");
        check("''=", "'''=");
        check("'tis heavy", "'tis heavy");
        check("'", "'");
        check("1+1", "1+1");
        check("", "");
    }

    #[test]
    fn every_kind_parses_from_its_hevy_name() {
        for kind in [SetKind::Warmup, SetKind::Working, SetKind::Drop, SetKind::Failure] {
            let cell = Cell { column: "set_type", raw: set_type(kind) };
            assert_eq!(parse_kind(cell), Ok(kind));
        }
    }
}

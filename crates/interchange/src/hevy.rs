//! A row of Hevy: its words for the kinds of sets, its guard against formulas. A workout is the
//! rows of one title and one start.

use crate::cell::Cell;
use crate::columns::Field;
use crate::entry::Entry;
use crate::measures::Row;
use crate::timestamp::moment;
use chrono::NaiveDateTime;
use std::borrow::Cow;
use training::SetKind;

/// A spreadsheet takes a cell that begins with one of these for a formula (OWASP, CSV injection).
const FORMULA_BEGINNINGS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
/// Put before such a cell, it makes it a text.
const GUARD: char = '\'';

/// Hevy's word for a kind of set.
pub const fn kind_word(kind: SetKind) -> &'static str {
    match kind {
        SetKind::Warmup => "warmup",
        SetKind::Working => "normal",
        SetKind::Drop => "dropset",
        SetKind::Failure => "failure",
    }
}

/// A text that no spreadsheet takes for a formula. One that only looks guarded is guarded too, so
/// that `unguarded` gives back exactly the text that was.
pub fn guarded(text: &str) -> Cow<'_, str> {
    if looks_like_formula(text) {
        Cow::Owned(format!("{GUARD}{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text before it was guarded.
pub fn unguarded(text: &str) -> &str {
    text.strip_prefix(GUARD).filter(|rest| looks_like_formula(rest)).unwrap_or(text)
}

fn looks_like_formula(text: &str) -> bool {
    text.trim_start_matches(GUARD).starts_with(FORMULA_BEGINNINGS)
}

/// What the row says.
pub fn entry<'a>(row: &Row<'a>) -> Result<Entry<'a>, String> {
    let started_at = time(row.cell(Field::Start))?;
    let end = row.cell(Field::End);
    let ended_at = if end.value().is_empty() { None } else { Some(time(end)?) };
    if ended_at.is_some_and(|ended_at| ended_at < started_at) {
        return Err(end.refused("before the workout began"));
    }
    let name = row.cell(Field::Exercise);
    let exercise = text(name)?.ok_or_else(|| name.refused("an exercise has a name"))?;
    Ok(Entry {
        started_at,
        ended_at,
        title: text(row.cell(Field::Title))?,
        workout_notes: text(row.cell(Field::WorkoutNotes))?,
        exercise: Cow::Owned(exercise.trim().to_owned()),
        superset: superset(row.cell(Field::Superset))?,
        notes: text(row.cell(Field::Notes))?,
        set_index: set_index(row.cell(Field::SetIndex))?,
        set: Some(row.set(kind(row.cell(Field::Kind))?)?),
    })
}

fn time(cell: Cell<'_>) -> Result<NaiveDateTime, String> {
    moment(cell.value()).ok_or_else(|| cell.refused("not a time"))
}

fn text(cell: Cell<'_>) -> Result<Option<Cow<'_, str>>, String> {
    // The guard comes off first: it does not count towards the length of the text.
    Ok(Cell { raw: unguarded(cell.raw), ..cell }.text()?.map(Cow::Borrowed))
}

fn superset(cell: Cell<'_>) -> Result<Option<u64>, String> {
    let not_whole = |_| cell.refused("not a whole number");
    Some(cell.value()).filter(|id| !id.is_empty()).map(str::parse).transpose().map_err(not_whole)
}

fn set_index(cell: Cell<'_>) -> Result<Option<u32>, String> {
    let not_whole = |_| cell.refused("not a whole number");
    Some(cell.value()).filter(|id| !id.is_empty()).map(str::parse).transpose().map_err(not_whole)
}

fn kind(cell: Cell<'_>) -> Result<SetKind, String> {
    match cell.value().to_ascii_lowercase().as_str() {
        "warmup" => Ok(SetKind::Warmup),
        // Hevy's own word, or nothing in a file without the column.
        "normal" | "" => Ok(SetKind::Working),
        "dropset" => Ok(SetKind::Drop),
        "failure" => Ok(SetKind::Failure),
        _ => Err(cell.refused("has to be warmup, normal, dropset or failure")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_becomes_a_text_and_comes_back_as_it_was() {
        let check = |text: &str, written: &str| {
            assert_eq!(guarded(text), written);
            assert_eq!(unguarded(written), text);
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
    fn every_kind_has_hevys_word_and_comes_back() {
        for kind in [SetKind::Warmup, SetKind::Working, SetKind::Drop, SetKind::Failure] {
            let cell = Cell { column: "set_type", raw: kind_word(kind) };
            assert_eq!(super::kind(cell), Ok(kind));
        }
    }
}

//! Parses the rows of Strong. A workout is the rows with the same date and name.

use crate::columns::Field;
use crate::parsed_row::ParsedRow;
use crate::row::Row;
use crate::timestamp::{parse_duration_s, parse_timestamp};
use chrono::TimeDelta;
use training::SetKind;

/// The kind of a row, from the column of the set's order.
enum RowKind {
    Set(SetKind),
    Note,
    RestTimer,
}

/// Parses a row; `None` for a rest timer, which is not a set.
pub fn parse_row<'a>(row: &mut Row<'a>) -> Result<Option<ParsedRow<'a>>, String> {
    let set = match parse_kind(row)? {
        RowKind::RestTimer => return Ok(None),
        RowKind::Note => None,
        RowKind::Set(kind) => Some(row.parse_set(kind)?),
    };
    let start = row.cell(Field::Start);
    let started_at =
        parse_timestamp(start.value()).ok_or_else(|| start.error("invalid date and time"))?;
    let duration = row.cell(Field::WorkoutDuration);
    let ended_at = match duration.value() {
        "" => None,
        text => match parse_duration_s(text) {
            // The duration of a workout that was entered later.
            Some(0) => None,
            Some(seconds) => started_at.checked_add_signed(TimeDelta::seconds(seconds.into())),
            None => return Err(duration.error("invalid duration")),
        },
    };
    Ok(Some(ParsedRow {
        started_at,
        ended_at,
        title: row.cell(Field::Title).text()?,
        workout_notes: row.cell(Field::WorkoutNotes).text()?,
        exercise: row.cell(Field::Exercise).required_text()?,
        superset: None,
        notes: row.cell(Field::Notes).text()?,
        set_index: None,
        set,
    }))
}

fn parse_kind(row: &Row<'_>) -> Result<RowKind, String> {
    let cell = row.cell(Field::Kind);
    let is_rest_timer = |text: &str| text.eq_ignore_ascii_case("rest timer");
    // Some versions write it in one of the columns, some in both.
    if is_rest_timer(cell.value()) || is_rest_timer(row.cell(Field::Exercise).value()) {
        return Ok(RowKind::RestTimer);
    }
    match cell.value().to_ascii_lowercase().as_str() {
        "w" => Ok(RowKind::Set(SetKind::Warmup)),
        "d" => Ok(RowKind::Set(SetKind::Drop)),
        "f" => Ok(RowKind::Set(SetKind::Failure)),
        "note" => Ok(RowKind::Note),
        // The number of a working set; empty in a file without the column.
        number if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok(RowKind::Set(SetKind::Working))
        }
        _ => Err(cell.error("must be a number, W, D, F, Note or Rest Timer")),
    }
}

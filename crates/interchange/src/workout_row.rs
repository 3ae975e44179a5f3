//! Parses rows: the same code for every format.

use crate::cell::Cell;
use crate::duration::parse_duration_s;
use crate::fields::Field;
use crate::findings::RowError;
use crate::formula::unescape_formula;
use crate::parsed_row::ParsedRow;
use crate::row::Row;
use crate::sections::Sessions;
use crate::set_kind::{RowKind, parse_kind};
use crate::timestamp::{DateError, Timestamp, parse_time};
use crate::training_log::{End, Format};
use chrono::{NaiveDateTime, TimeDelta};
use training::Superset;
use training::limits::LASTS_MAX;

const WRONG_DATE: &str = "must be a date and time like 2024-01-07 17:15:00 or 7 Jan 2024, 17:15";
const AMBIGUOUS_DATE: &str = "may be day or month first, and no date of the file decides it: set the parameter locale, such as en-US or en-GB";
const WRONG_TIME: &str = "must be a time of day like 17:15 or 5:15 PM";
const WRONG_SUPERSET: &str = "must be an integer between 0 and 2^53";
const WRONG_INDEX: &str = "must be an integer of at least 0";
const EMPTY: &str = "must not be empty";

/// Parses a row; `None` for a rest timer, which is not a set.
pub fn parse_row<'a>(
    row: &mut Row<'a>,
    sessions: &Sessions,
) -> Result<Option<ParsedRow<'a>>, RowError<'a>> {
    let sets = match parse_row_kind(row)? {
        RowKind::RestTimer => return Ok(None),
        RowKind::Note => Vec::new(),
        RowKind::Set(kind) => row.parse_sets(kind)?,
    };
    let is_escaped = row.columns.spec.format == Format::Hevy;
    // Unescaped first: the escape does not count towards the length of a text.
    let text = |field: Field| {
        let cell = row.cell(field);
        if is_escaped { Cell { raw: unescape_formula(cell.raw), ..cell } } else { cell }
    };
    let (title, workout_notes) = (text(Field::Title).text()?, text(Field::WorkoutNotes).text()?);
    let (exercise, notes) = (text(Field::Exercise).required_text()?, text(Field::Notes).text()?);
    let (superset, set_index) = (parse_superset(row)?, parse_index(row.cell(Field::SetIndex))?);
    let session = sessions.get(row.cell(Field::Session).value());
    let (started_at, is_utc, end) = if let Some((start, end)) = session {
        (*start, true, usable(*start, Some(*end)))
    } else {
        let start = parse_start(row)?;
        let end = parse_end(row, start);
        // Of a time with an offset only the instant counts: the offset is seldom the athlete's.
        (instant(start), start.offset.is_some(), end)
    };
    Ok(Some(ParsedRow {
        started_at,
        is_utc,
        end,
        title,
        workout_notes,
        exercise,
        superset,
        notes,
        set_index,
        sets,
    }))
}

fn parse_row_kind<'a>(row: &mut Row<'a>) -> Result<RowKind, RowError<'a>> {
    let is_zero = |cell: Cell<'_>| !cell.value().bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    let is_timer = || {
        let quantities = row.columns.cells(row.record, |field| {
            matches!(field, Field::Reps | Field::Weight(_) | Field::Distance(_)).then_some(())
        });
        quantities.map(|(cell, ())| cell).all(is_zero) && !is_zero(row.cell(Field::Duration))
    };
    let has_timers = matches!(row.columns.spec.format, Format::Strong | Format::Csv);
    parse_kind(row.cell(Field::Kind), row.cell(Field::Exercise), || has_timers && is_timer())
}

fn parse_start<'a>(row: &mut Row<'a>) -> Result<Timestamp, RowError<'a>> {
    let (start, time) = (row.cell(Field::Start), row.cell(Field::StartTime));
    if start.is_empty() {
        return Err(start.error(EMPTY));
    }
    let mut parsed = parse_date(row, start)?;
    if !time.is_empty() {
        let (time, offset) = parse_time(time.value()).ok_or_else(|| time.error(WRONG_TIME))?;
        parsed = Timestamp { written: parsed.written.date().and_time(time), offset };
    }
    Ok(parsed)
}

fn parse_date<'a>(row: &mut Row<'a>, cell: Cell<'a>) -> Result<Timestamp, RowError<'a>> {
    row.file.dates.parse(cell.value()).map_err(|error| match error {
        DateError::Invalid => cell.error(WRONG_DATE),
        DateError::Ambiguous => cell.error(AMBIGUOUS_DATE),
    })
}

/// Parses the end, the time of day of the end, or the duration. `Err` if it is not usable.
fn parse_end(row: &mut Row<'_>, start: Timestamp) -> Result<Option<End>, ()> {
    let (end, time) = (row.cell(Field::End), row.cell(Field::EndTime));
    let duration = row.cell(Field::WorkoutDuration);
    if !end.is_empty() {
        let end = row.file.dates.parse(end.value()).map_err(|_| ())?;
        return usable(instant(start), Some(instant(end)));
    }
    if !time.is_empty() {
        let (time, _) = parse_time(time.value()).ok_or(())?;
        let end = start.written.date().and_time(time);
        let days = i64::from(end < start.written);
        return usable(start.written, end.checked_add_signed(TimeDelta::days(days)));
    }
    if duration.is_empty() {
        return Ok(None);
    }
    let text = duration.value();
    let known = row.file.durations.get(text);
    let seconds = known.unwrap_or_else(|| parse_duration_s(text));
    if known.is_none() {
        row.file.durations.put(text, seconds);
    }
    match seconds {
        // The duration of a workout that was entered later.
        Some(0) => Ok(None),
        Some(seconds) if i64::from(seconds) <= LASTS_MAX.num_seconds() => {
            Ok(Some(End::AfterS(seconds)))
        }
        Some(_) | None => Err(()),
    }
}

fn usable(start: NaiveDateTime, end: Option<NaiveDateTime>) -> Result<Option<End>, ()> {
    let is_usable = |end: &NaiveDateTime| *end >= start && *end - start <= LASTS_MAX;
    end.filter(is_usable).map(End::At).map(Some).ok_or(())
}

/// Returns the time in UTC if it has an offset, and the local time otherwise.
fn instant(time: Timestamp) -> NaiveDateTime {
    let utc = time.offset.and_then(|offset| time.written.checked_sub_offset(offset));
    utc.unwrap_or(time.written)
}

fn parse_superset<'a>(row: &Row<'a>) -> Result<Option<Superset>, RowError<'a>> {
    let cell = row.cell(Field::Superset);
    if cell.is_empty() {
        return Ok(None);
    }
    let superset = cell.value().parse().ok().map(Superset::Number).filter(Superset::is_valid);
    superset.map(Some).ok_or_else(|| cell.error(WRONG_SUPERSET))
}

fn parse_index(cell: Cell<'_>) -> Result<Option<u32>, RowError<'_>> {
    if cell.is_empty() {
        return Ok(None);
    }
    cell.value().parse().map(Some).map_err(|_| cell.error(WRONG_INDEX))
}

//! Parses the rows of `FitNotes`. The file has days and no times: a workout is the rows of one day.
//!
//! Hours without a source are project defaults.

use crate::columns::Field;
use crate::parsed_row::ParsedRow;
use crate::row::Row;
use crate::timestamp::parse_date;
use chrono::NaiveTime;
use training::SetKind;

/// The start of a day's workout: noon stays on its day in any UTC offset.
const START_HOUR: u32 = 12;

/// Parses a row.
pub fn parse_row<'a>(row: &mut Row<'a>) -> Result<ParsedRow<'a>, String> {
    let date = row.cell(Field::Start);
    let noon = NaiveTime::from_hms_opt(START_HOUR, 0, 0);
    let started_at = parse_date(date.value()).zip(noon).map(|(day, noon)| day.and_time(noon));
    Ok(ParsedRow {
        started_at: started_at.ok_or_else(|| date.error("must be a date like 2024-01-07"))?,
        ended_at: None,
        title: None,
        workout_notes: None,
        exercise: row.cell(Field::Exercise).required_text()?,
        superset: None,
        notes: row.cell(Field::Notes).text()?,
        set_index: None,
        set: Some(row.parse_set(SetKind::Working)?),
    })
}

//! A row of `FitNotes`. It knows days only: a workout is the rows of one day.

use crate::columns::Field;
use crate::entry::Entry;
use crate::measures::Row;
use crate::timestamp::day;
use chrono::NaiveTime;
use std::borrow::Cow;
use training::SetKind;

/// The start of a day's workout (ours): noon stays on its day in whichever offset it is read.
const HOUR_OF_DAY: u32 = 12;

/// What the row says.
pub fn entry<'a>(row: &Row<'a>) -> Result<Entry<'a>, String> {
    let date = row.cell(Field::Start);
    let noon = NaiveTime::from_hms_opt(HOUR_OF_DAY, 0, 0);
    let started_at = day(date.value()).zip(noon).map(|(day, noon)| day.and_time(noon));
    let name = row.cell(Field::Exercise);
    let exercise = name.text()?.map(|name| Cow::Borrowed(name.trim()));
    Ok(Entry {
        started_at: started_at.ok_or_else(|| date.refused("not a day as 2024-01-07"))?,
        ended_at: None,
        title: None,
        workout_notes: None,
        exercise: exercise.ok_or_else(|| name.refused("an exercise has a name"))?,
        superset: None,
        notes: row.cell(Field::Notes).text()?.map(Cow::Borrowed),
        set_index: None,
        set: Some(row.set(SetKind::Working)?),
    })
}

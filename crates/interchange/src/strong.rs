//! A row of Strong. A workout is the rows of one date and one name.

use crate::columns::Field;
use crate::entry::Entry;
use crate::measures::Row;
use crate::timestamp::{duration_s, end, moment};
use std::borrow::Cow;
use training::SetKind;

/// What the column of the set's order says beside the numbers.
enum Order {
    Set(SetKind),
    Note,
    RestTimer,
}

/// What the row says; `None` for a rest timer, which is no set.
pub fn entry<'a>(row: &Row<'a>) -> Result<Option<Entry<'a>>, String> {
    let set = match order(row)? {
        Order::RestTimer => return Ok(None),
        Order::Note => None,
        Order::Set(kind) => Some(row.set(kind)?),
    };
    let started = row.cell(Field::Start);
    let started_at = moment(started.value()).ok_or_else(|| started.refused("not a time"))?;
    let lasted = row.cell(Field::WorkoutDuration);
    let ended_at = match lasted.value() {
        "" => None,
        text => match duration_s(text) {
            // What a workout shows that was entered afterwards.
            Some(0) => None,
            Some(seconds) => end(started_at, seconds),
            None => return Err(lasted.refused("not a duration")),
        },
    };
    Ok(Some(Entry {
        started_at,
        ended_at,
        title: row.cell(Field::Title).text()?.map(Cow::Borrowed),
        workout_notes: row.cell(Field::WorkoutNotes).text()?.map(Cow::Borrowed),
        exercise: exercise(row)?,
        superset: None,
        notes: row.cell(Field::Notes).text()?.map(Cow::Borrowed),
        set_index: None,
        set,
    }))
}

/// The name of the exercise, which has to be there.
fn exercise<'a>(row: &Row<'a>) -> Result<Cow<'a, str>, String> {
    let cell = row.cell(Field::Exercise);
    let name = cell.text()?.map(|name| Cow::Borrowed(name.trim()));
    name.ok_or_else(|| cell.refused("an exercise has a name"))
}

fn order(row: &Row<'_>) -> Result<Order, String> {
    let cell = row.cell(Field::Kind);
    let rests = |cell: &str| cell.eq_ignore_ascii_case("rest timer");
    // Some generations put it in one of the columns, some in both.
    if rests(cell.value()) || rests(row.cell(Field::Exercise).value()) {
        return Ok(Order::RestTimer);
    }
    match cell.value().to_ascii_lowercase().as_str() {
        "w" => Ok(Order::Set(SetKind::Warmup)),
        "d" => Ok(Order::Set(SetKind::Drop)),
        "f" => Ok(Order::Set(SetKind::Failure)),
        "note" => Ok(Order::Note),
        // Its place among the working sets, or nothing in a file without the column.
        number if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok(Order::Set(SetKind::Working))
        }
        _ => Err(cell.refused("has to be a number, W, D, F, Note or Rest Timer")),
    }
}

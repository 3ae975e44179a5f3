//! CSV logs of other apps.

use super::file::{FileWorkout, ImportFile};
use crate::error::{ApiResult, bad_parameter};
use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeDelta, Utc};
use contract::imports::{UnitSource, WeightUnit};
use contract::sets::AHEAD_H_MAX;
use contract::{FieldCode, FieldError, ProblemCode};
use interchange::{Format, LoggedExercise, LoggedWorkout, ReadOptions};
use platform::clock::TimeZones;
use training::limits::{LASTS_MAX, TEXT_CHARS_MAX, is_offset_in_use};
use training::{CustomExercises, ExerciseEntry, Workout};

/// Parses a CSV. Its times are wall-clock times of `zone`.
pub fn parse_csv(
    bytes: &[u8],
    options: &ReadOptions,
    zone: &str,
    zones: &dyn TimeZones,
    now: DateTime<Utc>,
) -> ApiResult<ImportFile> {
    let log = interchange::read(bytes, options)
        .map_err(|error| ProblemCode::UnreadableFile.with(error.to_string()))?;
    let times: Vec<_> = log
        .workouts
        .iter()
        .flat_map(|logged| [logged.started_at, logged.ended_at.unwrap_or(logged.started_at)])
        .collect();
    let offsets = offsets(zone, &times, zones)?;
    let mut file = ImportFile {
        format: format_name(log.format).to_owned(),
        rows: log.rows,
        weight_unit: Some(match log.weight_unit {
            interchange::WeightUnit::Kg => WeightUnit::Kg,
            interchange::WeightUnit::Lb => WeightUnit::Lb,
        }),
        weight_unit_source: Some(match log.weight_unit_source {
            interchange::UnitSource::File => UnitSource::File,
            interchange::UnitSource::Caller => UnitSource::Caller,
            interchange::UnitSource::Assumed => UnitSource::Assumed,
        }),
        time_zone: Some(zone.to_owned()),
        errors: log.errors.into_iter().map(|error| at_line(error.line, error.detail)).collect(),
        ..ImportFile::default()
    };
    let mut instants = times.into_iter().zip(offsets).map(|(time, offset)| in_zone(time, offset));
    for logged in log.workouts {
        let (Some(started_at), Some(ended_at)) = (instants.next(), instants.next()) else {
            break;
        };
        let line = logged.line;
        match workout(logged, (started_at, ended_at), now) {
            Ok(workout) => {
                let custom_exercises = CustomExercises::new();
                file.workouts.push(FileWorkout { workout, custom_exercises });
            }
            Err(detail) => file.errors.push(at_line(line, detail)),
        }
    }
    Ok(file)
}

fn at_line(line: u64, detail: String) -> FieldError {
    FieldError::line(line, FieldCode::InvalidValue, detail)
}

const fn format_name(format: Format) -> &'static str {
    match format {
        Format::Strong => "strong",
        Format::Hevy => "hevy",
        Format::FitNotes => "fitnotes",
    }
}

/// A wall-clock time with its offset; `None` outside the calendar.
fn in_zone(time: NaiveDateTime, offset: FixedOffset) -> Option<DateTime<FixedOffset>> {
    time.and_local_timezone(offset).single()
}

/// The offsets of times in a zone, `Europe/Berlin` or `+01:00`.
fn offsets(
    zone: &str,
    times: &[NaiveDateTime],
    zones: &dyn TimeZones,
) -> ApiResult<Vec<FixedOffset>> {
    if zone == "UTC" || zone == "Z" {
        return Ok(vec![FixedOffset::east_opt(0); times.len()].into_iter().flatten().collect());
    }
    let offset = zone.parse::<FixedOffset>().ok();
    if let Some(offset) = offset.filter(|offset| is_offset_in_use(*offset)) {
        return Ok(vec![offset; times.len()]);
    }
    let in_zone = zones.offsets(zone, times).filter(|_| offset.is_none());
    in_zone.ok_or_else(|| {
        bad_parameter(
            "time_zone",
            FieldCode::InvalidValue,
            "must be a zone like Europe/Berlin, or an offset between -12:00 and +14:00",
        )
    })
}

/// A logged workout as an athlete enters it. Without an end, or with one that cannot be its end, it is
/// completed at its start.
fn workout(
    logged: LoggedWorkout,
    (started_at, ended_at): (Option<DateTime<FixedOffset>>, Option<DateTime<FixedOffset>>),
    now: DateTime<Utc>,
) -> Result<Workout, String> {
    let started_at = started_at.ok_or("the workout's time is outside the calendar")?;
    if started_at.timestamp() < 0 {
        return Err("the workout starts before 1970".to_owned());
    }
    if started_at > now + TimeDelta::hours(AHEAD_H_MAX) {
        return Err("the workout starts more than 24 hours ahead".to_owned());
    }
    let notes = logged.exercises.iter().map(|exercise| &exercise.notes);
    let texts = notes.chain([&logged.title, &logged.notes]).flatten();
    if texts.map(|text| text.chars().count()).max() > Some(TEXT_CHARS_MAX) {
        return Err(format!("the workout has a text of more than {TEXT_CHARS_MAX} characters"));
    }
    let exercise = |logged: LoggedExercise| ExerciseEntry {
        exercise: logged.name,
        superset: logged.superset,
        notes: logged.notes,
        sets: logged.sets,
    };
    Ok(Workout {
        title: logged.title,
        notes: logged.notes,
        started_at,
        ended_at: ended_at
            .filter(|at| *at >= started_at && *at - started_at <= LASTS_MAX)
            .or(Some(started_at)),
        body_weight_kg: None,
        exercises: logged.exercises.into_iter().map(exercise).collect(),
        last_set_id: 0,
    })
}

//! CSV logs of other apps.

use super::file::{FileWorkout, ImportFile};
use super::time_zone::{ImportZone, Times};
use crate::error::ApiResult;
use chrono::{DateTime, TimeDelta, Utc};
use contract::imports::{ImportHint, ImportHintCode, UnitSource, WeightUnit};
use contract::sets::AHEAD_H_MAX;
use contract::{FieldCode, FieldError, ProblemCode};
use interchange::{
    Finding, Findings, Format, HintCode, LoggedExercise, LoggedWorkout, ReadOptions, RowError,
};
use training::limits::TEXT_CHARS_MAX;
use training::{CustomExercises, ExerciseEntry, Workout};

const OUTSIDE_CALENDAR: &str = "its time is outside the calendar";
const BEFORE_1970: &str = "must start in 1970 or later";
const TOO_FAR_AHEAD: &str = "must start at most 24 hours ahead";
const TEXT_TOO_LONG: &str = "must have no text of more than 2,000 characters";
const _: () = assert!(AHEAD_H_MAX == 24 && TEXT_CHARS_MAX == 2_000, "the reasons name the limits");

/// Parses a CSV. Its times without an offset are wall-clock times of `zone`.
pub fn parse_csv(
    bytes: &[u8],
    options: &ReadOptions,
    zone: &ImportZone<'_>,
    now: DateTime<Utc>,
) -> ApiResult<ImportFile> {
    let log = interchange::read(bytes, options)
        .map_err(|error| ProblemCode::UnreadableFile.with(error.to_string()))?;
    let times = zone.times(&log.workouts)?;
    let mut file = ImportFile {
        format: format_name(log.format).to_owned(),
        rows: log.rows,
        rejected_rows: log.rejected,
        weight_unit: Some(match log.weight_unit {
            interchange::WeightUnit::Kg => WeightUnit::Kg,
            interchange::WeightUnit::Lb => WeightUnit::Lb,
        }),
        weight_unit_source: Some(match log.weight_unit_source {
            interchange::UnitSource::File => UnitSource::File,
            interchange::UnitSource::Caller => UnitSource::Caller,
            interchange::UnitSource::Assumed => UnitSource::Assumed,
        }),
        time_zone: Some(zone.name.to_owned()),
        hints: log.hints.into_iter().map(hint).collect(),
        ..ImportFile::default()
    };
    let mut errors = Findings::default();
    for (logged, times) in log.workouts.into_iter().zip(times) {
        let (line, rows) = (logged.line, logged.rows);
        match workout(logged, times, now) {
            Ok(workout) => {
                let custom_exercises = CustomExercises::new();
                file.workouts.push(FileWorkout { workout, custom_exercises });
            }
            Err(reason) => {
                file.rejected_rows += rows;
                let value = "the workout".into();
                errors.reject(line, rows, RowError { column: "", value, reason: reason.into() });
            }
        }
    }
    let errors = log.errors.into_iter().chain(errors.into_sorted());
    file.errors = errors.map(at_lines).collect();
    Ok(file)
}

fn at_lines<K>(error: Finding<K>) -> FieldError {
    FieldError::rows(error.lines, error.count, FieldCode::InvalidValue, error.detail)
}

fn hint(hint: Finding<HintCode>) -> ImportHint {
    let code = match hint.kind {
        HintCode::EncodingAssumed => ImportHintCode::EncodingAssumed,
        HintCode::DateOrderAmbiguous => ImportHintCode::DateOrderAmbiguous,
        HintCode::EndUnknown => ImportHintCode::EndUnknown,
        HintCode::ColumnsIgnored => ImportHintCode::ColumnsIgnored,
        HintCode::SectionsIgnored => ImportHintCode::SectionsIgnored,
        HintCode::WeightsLookLikePounds => ImportHintCode::WeightsLookLikePounds,
        HintCode::WeightsLookLikeKilograms => ImportHintCode::WeightsLookLikeKilograms,
    };
    ImportHint { code, detail: hint.detail, count: hint.count, lines: hint.lines }
}

const fn format_name(format: Format) -> &'static str {
    match format {
        Format::Strong => "strong",
        Format::Hevy => "hevy",
        Format::Lyfta => "lyfta",
        Format::FitNotes => "fitnotes",
        Format::Fitbod => "fitbod",
        Format::StrongLifts => "stronglifts",
        Format::Jefit => "jefit",
        Format::Csv => "csv",
    }
}

/// A logged workout as an athlete enters it. Without an end it is completed at its start.
fn workout(
    logged: LoggedWorkout,
    (started_at, ended_at): Times,
    now: DateTime<Utc>,
) -> Result<Workout, &'static str> {
    let started_at = started_at.ok_or(OUTSIDE_CALENDAR)?;
    if started_at.timestamp() < 0 {
        return Err(BEFORE_1970);
    }
    if started_at > now + TimeDelta::hours(AHEAD_H_MAX) {
        return Err(TOO_FAR_AHEAD);
    }
    let notes = logged.exercises.iter().map(|exercise| &exercise.notes);
    let texts = notes.chain([&logged.title, &logged.notes]).flatten();
    if texts.map(|text| text.chars().count()).max() > Some(TEXT_CHARS_MAX) {
        return Err(TEXT_TOO_LONG);
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
        // A clock that was changed during the workout can put its end before its start.
        ended_at: ended_at.filter(|at| *at >= started_at).or(Some(started_at)),
        body_weight_kg: None,
        exercises: logged.exercises.into_iter().map(exercise).collect(),
        last_set_id: 0,
    })
}

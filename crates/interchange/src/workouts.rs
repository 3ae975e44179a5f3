//! Groups rows into exercises and workouts.

use crate::findings::{ErrorKind, Findings, RowError};
use crate::formats::Grouping;
use crate::parsed_row::ParsedRow;
use crate::training_log::{End, HintCode, LoggedExercise, LoggedWorkout};
use chrono::NaiveDateTime;
use std::collections::BTreeMap;
use training::limits::{EXERCISES_MAX, SETS_MAX, TEXT_CHARS_MAX};

const TOO_MANY_EXERCISES: &str = "must have at most 50 exercises";
const TOO_MANY_SETS: &str = "must have at most 500 sets";
const NOTES_TOO_LONG: &str = "the notes of an exercise must have at most 2,000 characters in all";
const END_UNKNOWN: &str = "the end of a workout cannot be read, is before its start, or over 24 hours after it: the workout \
    is imported without its end";
const _: () = assert!(EXERCISES_MAX == 50 && SETS_MAX == 500, "the reasons name the limits");

/// Builds the workouts of a file from its rows.
pub struct WorkoutsBuilder {
    grouping: Grouping,
    drafts: Vec<Draft>,
    index_by_start: BTreeMap<(NaiveDateTime, Option<String>), usize>,
    /// The index of the previous row's workout: most rows belong to the same one.
    previous: usize,
}

struct Draft {
    workout: LoggedWorkout,
    /// Sets, including those of a workout that exceeds a limit.
    sets: usize,
    /// The start of the last row.
    last: NaiveDateTime,
    /// The index of the previous set within its exercise.
    set_index: Option<u32>,
    has_unusable_end: bool,
    limit_error: Option<&'static str>,
}

impl WorkoutsBuilder {
    /// Creates a builder without workouts.
    pub const fn new(grouping: Grouping) -> Self {
        Self { grouping, drafts: Vec::new(), index_by_start: BTreeMap::new(), previous: 0 }
    }

    /// Adds a row to its workout. Fails if its notes make those of its exercise too long. A workout
    /// that exceeds a limit is an error of [`Self::finish`].
    pub fn add(&mut self, line: u64, row: ParsedRow<'_>) -> Result<(), RowError<'static>> {
        let grouping = self.grouping;
        self.draft(line, &row).map_or(Ok(()), |draft| draft.add(grouping, row))
    }

    /// Returns the workouts in the order of the file, each with its number of sets. A workout that
    /// exceeds a limit is an error of its rows. One without valid exercises is left out.
    pub fn finish<'e>(
        self,
        errors: &'e mut Findings<ErrorKind>,
        hints: &'e mut Findings<HintCode>,
    ) -> impl Iterator<Item = (usize, LoggedWorkout)> + use<'e> {
        self.drafts.into_iter().filter_map(|draft| {
            let Draft { workout, sets, .. } = draft;
            if let Some(reason) = draft.limit_error {
                let value = format!("the workout of {}", workout.started_at).into();
                let error = RowError { column: "", value, reason: reason.into() };
                errors.reject(workout.line, workout.rows, error);
                return None;
            }
            if draft.has_unusable_end && workout.end.is_none() {
                let is_kind = |code: &HintCode| *code == HintCode::EndUnknown;
                let new = || (HintCode::EndUnknown, END_UNKNOWN.to_owned());
                hints.add(Some(workout.line), 1, is_kind, new);
            }
            (!workout.exercises.is_empty()).then_some((sets, workout))
        })
    }

    fn draft(&mut self, line: u64, row: &ParsedRow<'_>) -> Option<&mut Draft> {
        let grouping = self.grouping;
        if !self.drafts.get(self.previous).is_some_and(|draft| draft.has(grouping, row)) {
            let title = row.title.map(str::to_owned);
            let key = (row.started_at, title.clone());
            self.previous = *self.index_by_start.entry(key).or_insert(self.drafts.len());
            if self.previous == self.drafts.len() {
                self.drafts.push(Draft::new(line, title, row));
            }
        }
        self.drafts.get_mut(self.previous)
    }
}

impl Draft {
    const fn new(line: u64, title: Option<String>, row: &ParsedRow<'_>) -> Self {
        let workout = LoggedWorkout {
            line,
            rows: 0,
            title,
            notes: None,
            started_at: row.started_at,
            end: None,
            is_utc: row.is_utc,
            exercises: Vec::new(),
        };
        Self {
            workout,
            sets: 0,
            last: row.started_at,
            set_index: None,
            has_unusable_end: false,
            limit_error: None,
        }
    }

    fn has(&self, grouping: Grouping, row: &ParsedRow<'_>) -> bool {
        let is_same_time = match grouping {
            Grouping::Within(time) => (row.started_at - self.last).abs() <= time,
            Grouping::Consecutive | Grouping::SetIndexes | Grouping::Entered => {
                self.workout.started_at == row.started_at
            }
        };
        is_same_time && self.workout.title.as_deref() == row.title
    }

    fn add(&mut self, grouping: Grouping, row: ParsedRow<'_>) -> Result<(), RowError<'static>> {
        let sets = row.sets.len();
        if self.limit_error.is_none() {
            let exercise = self.exercise_index(grouping, &row);
            if exercise.is_none() && self.workout.exercises.len() == EXERCISES_MAX {
                self.reject(TOO_MANY_EXERCISES);
            } else if self.sets + sets > SETS_MAX {
                self.reject(TOO_MANY_SETS);
            } else {
                self.add_to_exercise(grouping, exercise, row)?;
            }
        }
        self.workout.rows += usize::from(sets > 0);
        self.sets += sets;
        Ok(())
    }

    /// Returns the index of the exercise that a row continues; `None` if the row begins one.
    fn exercise_index(&self, grouping: Grouping, row: &ParsedRow<'_>) -> Option<usize> {
        let exercises = &self.workout.exercises;
        let is_same = |exercise: &LoggedExercise| exercise.name == row.exercise;
        let last = exercises.len().checked_sub(1).filter(|_| exercises.last().is_some_and(is_same));
        match grouping {
            Grouping::Consecutive | Grouping::Within(_) => last,
            Grouping::SetIndexes => {
                let continues = self.set_index.zip(row.set_index).is_none_or(|(a, b)| a < b);
                last.filter(|_| continues)
            }
            Grouping::Entered => exercises.iter().position(is_same),
        }
    }

    fn add_to_exercise(
        &mut self,
        grouping: Grouping,
        index: Option<usize>,
        row: ParsedRow<'_>,
    ) -> Result<(), RowError<'static>> {
        let workout = &mut self.workout;
        let exercise = index.and_then(|index| workout.exercises.get(index));
        let old_notes = exercise.and_then(|exercise| exercise.notes.as_deref());
        let new_notes =
            row.notes.map(|notes| append_notes(old_notes, notes)).transpose()?.flatten();
        let index = index.unwrap_or_else(|| {
            workout.exercises.push(LoggedExercise {
                name: row.exercise.to_owned(),
                superset: row.superset,
                notes: None,
                sets: Vec::new(),
            });
            self.set_index = None;
            workout.exercises.len() - 1
        });
        if let Some(exercise) = workout.exercises.get_mut(index) {
            exercise.notes = new_notes.or_else(|| exercise.notes.take());
            exercise.sets.extend(row.sets);
        }
        self.set_index = row.set_index.or(self.set_index);
        self.has_unusable_end |= row.end.is_err();
        workout.end = workout.end.or(row.end.unwrap_or_default());
        if let Grouping::Within(_) = grouping {
            // Each set has its time.
            let end =
                workout.ended_at().into_iter().chain([workout.started_at, row.started_at]).max();
            workout.started_at = workout.started_at.min(row.started_at);
            workout.end = end.filter(|end| *end > workout.started_at).map(End::At);
            self.last = row.started_at;
        }
        let notes = row.workout_notes.map(str::to_owned);
        workout.notes = workout.notes.take().or(notes);
        Ok(())
    }

    fn reject(&mut self, reason: &'static str) {
        self.limit_error = Some(reason);
        self.workout.exercises = Vec::new();
    }
}

/// Appends a line to notes; `None` if they already end with it, as in files that repeat the notes of
/// an exercise in each row.
fn append_notes(notes: Option<&str>, line: &str) -> Result<Option<String>, RowError<'static>> {
    let Some(notes) = notes else { return Ok(Some(line.to_owned())) };
    let is_repeated =
        notes.strip_suffix(line).is_some_and(|rest| rest.is_empty() || rest.ends_with('\n'));
    if is_repeated {
        return Ok(None);
    }
    let joined = format!("{notes}\n{line}");
    if joined.len() > TEXT_CHARS_MAX && joined.chars().count() > TEXT_CHARS_MAX {
        let value = "the row".into();
        return Err(RowError { column: "", value, reason: NOTES_TOO_LONG.into() });
    }
    Ok(Some(joined))
}

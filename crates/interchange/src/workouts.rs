//! Groups rows into exercises and workouts.

use crate::parsed_row::ParsedRow;
use crate::training_log::{Format, LineError, LoggedExercise, LoggedWorkout};
use chrono::NaiveDateTime;
use std::collections::BTreeMap;
use training::limits::{EXERCISES_MAX, SETS_MAX, TEXT_CHARS_MAX};

/// Builds the workouts of a file from its rows.
pub struct WorkoutsBuilder {
    format: Format,
    drafts: Vec<Draft>,
    index_by_start: BTreeMap<(NaiveDateTime, Option<String>), usize>,
    /// The index of the previous row's workout: most rows belong to the same one.
    previous: usize,
}

struct Draft {
    workout: LoggedWorkout,
    /// Rows with a set, including those of a workout that exceeds a limit.
    sets: usize,
    /// The index of the previous set within its exercise.
    set_index: Option<u32>,
    limit_error: Option<String>,
}

impl WorkoutsBuilder {
    /// Creates a builder without workouts.
    pub const fn new(format: Format) -> Self {
        Self { format, drafts: Vec::new(), index_by_start: BTreeMap::new(), previous: 0 }
    }

    /// Adds a row to its workout. Fails if its notes make those of its exercise too long. A workout
    /// that exceeds a limit is an error of [`Self::finish`].
    pub fn add(&mut self, line: u64, row: ParsedRow<'_>) -> Result<(), String> {
        let format = self.format;
        self.draft(line, &row).map_or(Ok(()), |draft| draft.add(format, row))
    }

    /// Returns the workouts in the order of the file, each with its number of sets, or an error for a
    /// workout that exceeds a limit. A workout without valid exercises is left out.
    pub fn finish(self) -> impl Iterator<Item = (usize, Result<LoggedWorkout, LineError>)> {
        self.drafts.into_iter().filter_map(|draft| match draft.limit_error {
            Some(detail) => Some((draft.sets, Err(LineError { line: draft.workout.line, detail }))),
            None if draft.workout.exercises.is_empty() => None,
            None => Some((draft.sets, Ok(draft.workout))),
        })
    }

    fn draft(&mut self, line: u64, row: &ParsedRow<'_>) -> Option<&mut Draft> {
        if !self.drafts.get(self.previous).is_some_and(|draft| draft.has(row)) {
            let title = row.title.map(str::to_owned);
            let key = (row.started_at, title.clone());
            self.previous = *self.index_by_start.entry(key).or_insert(self.drafts.len());
            if self.previous == self.drafts.len() {
                self.drafts.push(Draft::new(line, title, row.started_at));
            }
        }
        self.drafts.get_mut(self.previous)
    }
}

impl Draft {
    const fn new(line: u64, title: Option<String>, started_at: NaiveDateTime) -> Self {
        let workout = LoggedWorkout {
            line,
            title,
            notes: None,
            started_at,
            ended_at: None,
            exercises: Vec::new(),
        };
        Self { workout, sets: 0, set_index: None, limit_error: None }
    }

    fn has(&self, row: &ParsedRow<'_>) -> bool {
        self.workout.started_at == row.started_at && self.workout.title.as_deref() == row.title
    }

    fn add(&mut self, format: Format, row: ParsedRow<'_>) -> Result<(), String> {
        let sets = usize::from(row.set.is_some());
        if self.limit_error.is_none() {
            let exercise = self.exercise_index(format, &row);
            if exercise.is_none() && self.workout.exercises.len() == EXERCISES_MAX {
                self.reject(&format!("{EXERCISES_MAX} exercises"));
            } else if self.sets + sets > SETS_MAX {
                self.reject(&format!("{SETS_MAX} sets"));
            } else {
                self.add_to_exercise(exercise, row)?;
            }
        }
        self.sets += sets;
        Ok(())
    }

    /// Returns the index of the exercise that a row continues; `None` if the row begins one.
    fn exercise_index(&self, format: Format, row: &ParsedRow<'_>) -> Option<usize> {
        let exercises = &self.workout.exercises;
        let is_same = |exercise: &LoggedExercise| exercise.name == row.exercise;
        let last = exercises.len().checked_sub(1).filter(|_| exercises.last().is_some_and(is_same));
        match format {
            Format::Strong => last,
            // An exercise that is repeated starts its set indexes from 0.
            Format::Hevy => {
                let continues = self.set_index.zip(row.set_index).is_none_or(|(a, b)| a < b);
                last.filter(|_| continues)
            }
            // Its rows are in the order of entry: those of a superset alternate.
            Format::FitNotes => exercises.iter().position(is_same),
        }
    }

    fn add_to_exercise(&mut self, index: Option<usize>, row: ParsedRow<'_>) -> Result<(), String> {
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
            exercise.sets.extend(row.set);
        }
        self.set_index = row.set_index.or(self.set_index);
        workout.ended_at = workout.ended_at.or(row.ended_at);
        let notes = row.workout_notes.map(str::to_owned);
        workout.notes = workout.notes.take().or(notes);
        Ok(())
    }

    fn reject(&mut self, limit: &str) {
        let started_at = self.workout.started_at;
        self.limit_error =
            Some(format!("the workout of {started_at} has more than {limit} and is rejected"));
        self.workout.exercises = Vec::new();
    }
}

/// Appends a line to notes; `None` if they already end with it, as in files that repeat the notes of
/// an exercise in each row.
fn append_notes(notes: Option<&str>, line: &str) -> Result<Option<String>, String> {
    let Some(notes) = notes else { return Ok(Some(line.to_owned())) };
    let is_repeated =
        notes.strip_suffix(line).is_some_and(|rest| rest.is_empty() || rest.ends_with('\n'));
    if is_repeated {
        return Ok(None);
    }
    let joined = format!("{notes}\n{line}");
    if joined.len() > TEXT_CHARS_MAX && joined.chars().count() > TEXT_CHARS_MAX {
        return Err(format!("the notes of the exercise exceed {TEXT_CHARS_MAX} characters"));
    }
    Ok(Some(joined))
}

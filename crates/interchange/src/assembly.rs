//! Rows become workouts: which workout a row belongs to, and which exercise of it.

use crate::entry::Entry;
use crate::training_log::{Format, LineError, LoggedExercise, LoggedWorkout};
use chrono::NaiveDateTime;
use std::borrow::Cow;
use std::collections::BTreeMap;
use training::Superset;
use training::limits::{EXERCISES_MAX, SETS_MAX, TEXT_CHARS_MAX};

/// The workouts of a file while it is read.
pub struct Assembly {
    format: Format,
    drafts: Vec<Draft>,
    by_start: BTreeMap<(NaiveDateTime, Option<String>), usize>,
    /// The place of the workout of the row before: most rows belong to it too.
    latest: usize,
}

struct Draft {
    workout: LoggedWorkout,
    /// Rows with a set, also of a workout that is over its limits.
    sets: usize,
    /// The index of the set before, within its exercise.
    set_index: Option<u32>,
    over: Option<String>,
}

/// What the rows came to.
pub struct Assembled {
    /// The workouts within their limits, in the order of the file.
    pub workouts: Vec<LoggedWorkout>,
    /// How many sets they have.
    pub sets: usize,
    /// How many sets the others had.
    pub rejected: usize,
    /// An error for each of the others.
    pub errors: Vec<LineError>,
}

impl Assembly {
    /// Of a file of a format.
    pub const fn new(format: Format) -> Self {
        Self { format, drafts: Vec::new(), by_start: BTreeMap::new(), latest: 0 }
    }

    /// Puts a row where it belongs. Refused, in words, when its notes make those of its exercise
    /// too long; a workout over its limits is told at the end.
    pub fn add(&mut self, line: u64, entry: Entry<'_>) -> Result<(), String> {
        let format = self.format;
        self.draft_of(line, &entry).map_or(Ok(()), |draft| draft.add(format, entry))
    }

    /// The workouts, and those that are none.
    pub fn finish(self) -> Assembled {
        let mut assembled =
            Assembled { workouts: Vec::new(), sets: 0, rejected: 0, errors: Vec::new() };
        for draft in self.drafts {
            if let Some(detail) = draft.over {
                assembled.rejected += draft.sets;
                assembled.errors.push(LineError { line: draft.workout.line, detail });
            } else if !draft.workout.exercises.is_empty() {
                assembled.sets += draft.sets;
                assembled.workouts.push(draft.workout);
            }
        }
        assembled
    }

    fn draft_of(&mut self, line: u64, entry: &Entry<'_>) -> Option<&mut Draft> {
        let same = self.drafts.get(self.latest).is_some_and(|draft| draft.is_of(entry));
        if !same {
            let key = (entry.started_at, entry.title.clone().map(Cow::into_owned));
            let title = key.1.clone();
            self.latest = *self.by_start.entry(key).or_insert(self.drafts.len());
            if self.latest == self.drafts.len() {
                self.drafts.push(Draft::new(line, title, entry.started_at));
            }
        }
        self.drafts.get_mut(self.latest)
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
        Self { workout, sets: 0, set_index: None, over: None }
    }

    fn is_of(&self, entry: &Entry<'_>) -> bool {
        let workout = &self.workout;
        workout.started_at == entry.started_at && workout.title.as_deref() == entry.title.as_deref()
    }

    fn add(&mut self, format: Format, entry: Entry<'_>) -> Result<(), String> {
        let has_set = usize::from(entry.set.is_some());
        if self.over.is_some() {
            self.sets += has_set;
            return Ok(());
        }
        let place = self.exercise_of(format, &entry);
        if place.is_none() && self.workout.exercises.len() == EXERCISES_MAX {
            self.give_up(&format!("over {EXERCISES_MAX} exercises"));
        } else if self.sets + has_set > SETS_MAX {
            self.give_up(&format!("over {SETS_MAX} sets"));
        } else {
            self.put(place, entry)?;
        }
        self.sets += has_set;
        Ok(())
    }

    /// The place of the exercise that a row goes on with; `None` when it begins one.
    fn exercise_of(&self, format: Format, entry: &Entry<'_>) -> Option<usize> {
        let exercises = &self.workout.exercises;
        let is_same = |exercise: &LoggedExercise| exercise.name == entry.exercise;
        let last = exercises.len().checked_sub(1).filter(|_| exercises.last().is_some_and(is_same));
        match format {
            Format::Strong => last,
            // Done twice in a row, it counts its sets from the start again.
            Format::Hevy => {
                let goes_on = self.set_index.zip(entry.set_index).is_none_or(|(a, b)| a < b);
                last.filter(|_| goes_on)
            }
            // Its rows are in the order of entry: those of a superset alternate.
            Format::FitNotes => exercises.iter().position(is_same),
        }
    }

    fn put(&mut self, place: Option<usize>, entry: Entry<'_>) -> Result<(), String> {
        let workout = &mut self.workout;
        let at = place.unwrap_or(workout.exercises.len());
        let before = workout.exercises.get(at).and_then(|exercise| exercise.notes.as_deref());
        let joined = entry.notes.map(|notes| joined(before, &notes)).transpose()?.flatten();
        if place.is_none() {
            workout.exercises.push(LoggedExercise {
                name: entry.exercise.into_owned(),
                superset: entry.superset.map(Superset::Number),
                notes: None,
                sets: Vec::new(),
            });
            self.set_index = None;
        }
        if let Some(exercise) = workout.exercises.get_mut(at) {
            exercise.notes = joined.or_else(|| exercise.notes.take());
            exercise.sets.extend(entry.set);
        }
        self.set_index = entry.set_index.or(self.set_index);
        workout.ended_at = workout.ended_at.or(entry.ended_at);
        let notes = entry.workout_notes.map(Cow::into_owned);
        workout.notes = workout.notes.take().or(notes);
        Ok(())
    }

    fn give_up(&mut self, why: &str) {
        let started_at = self.workout.started_at;
        self.over = Some(format!("the workout of {started_at} has {why}: it is left out"));
        self.workout.exercises = Vec::new();
    }
}

/// Notes with more below them; `None` when these are there already, as in files that repeat the
/// notes of an exercise in each row.
fn joined(notes: Option<&str>, more: &str) -> Result<Option<String>, String> {
    let Some(notes) = notes else { return Ok(Some(more.to_owned())) };
    let repeated = notes.strip_suffix(more).is_some_and(|h| h.is_empty() || h.ends_with('\n'));
    if repeated {
        return Ok(None);
    }
    let joined = format!("{notes}\n{more}");
    if joined.len() > TEXT_CHARS_MAX && joined.chars().count() > TEXT_CHARS_MAX {
        return Err(format!("the notes of the exercise are over {TEXT_CHARS_MAX} characters"));
    }
    Ok(Some(joined))
}

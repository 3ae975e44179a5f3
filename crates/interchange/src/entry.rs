//! What one row says, whichever app wrote it.

use chrono::NaiveDateTime;
use std::borrow::Cow;
use training::SetEntry;

/// A row: the workout and the exercise that it belongs to, and what it adds.
pub struct Entry<'a> {
    /// When the workout began.
    pub started_at: NaiveDateTime,
    /// When the workout ended.
    pub ended_at: Option<NaiveDateTime>,
    /// What the workout is called.
    pub title: Option<Cow<'a, str>>,
    /// The notes of the workout.
    pub workout_notes: Option<Cow<'a, str>>,
    /// The name of the exercise.
    pub exercise: Cow<'a, str>,
    /// The superset of the exercise.
    pub superset: Option<u64>,
    /// The notes of the exercise.
    pub notes: Option<Cow<'a, str>>,
    /// The number of the set within its exercise.
    pub set_index: Option<u32>,
    /// The set; a row of notes has none.
    pub set: Option<SetEntry>,
}

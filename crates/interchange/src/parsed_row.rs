//! The contents of a row, the same for every format.

use crate::training_log::End;
use chrono::NaiveDateTime;
use training::{SetEntry, Superset};

/// A parsed row: its workout, its exercise and its sets.
pub struct ParsedRow<'a> {
    pub started_at: NaiveDateTime,
    pub is_utc: bool,
    /// `Err` if there is an end that is not usable.
    pub end: Result<Option<End>, ()>,
    pub title: Option<&'a str>,
    pub workout_notes: Option<&'a str>,
    pub exercise: &'a str,
    pub superset: Option<Superset>,
    pub notes: Option<&'a str>,
    pub set_index: Option<u32>,
    /// Empty for a row that has only notes.
    pub sets: Vec<SetEntry>,
}

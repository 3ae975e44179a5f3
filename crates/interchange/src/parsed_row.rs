//! The contents of a row, the same for every format.

use chrono::NaiveDateTime;
use training::{SetEntry, Superset};

/// A parsed row: its workout, its exercise and its set.
pub struct ParsedRow<'a> {
    pub started_at: NaiveDateTime,
    pub ended_at: Option<NaiveDateTime>,
    pub title: Option<&'a str>,
    pub workout_notes: Option<&'a str>,
    pub exercise: &'a str,
    pub superset: Option<Superset>,
    pub notes: Option<&'a str>,
    pub set_index: Option<u32>,
    /// `None` for a row that has only notes.
    pub set: Option<SetEntry>,
}

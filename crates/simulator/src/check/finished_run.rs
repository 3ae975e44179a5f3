//! The input and the output of the checks.

use crate::client::Client;
use crate::database::{self, text};
use crate::effects::Effects;
use crate::log_file::IS_IMPORTED;
use crate::pipeline::Athlete;
use serde_json::Value;
use std::collections::BTreeSet;
use testkit::Databases;

/// A run at rest, as the checks read it.
pub struct FinishedRun<'a> {
    pub databases: &'a Databases,
    pub effects: &'a Effects,
    pub athletes: &'a [Athlete],
    pub clients: &'a [Client],
    pub wall_ms: i64,
    pub may_lose_metrics: bool,
    pub may_repeat_metrics: bool,
    /// The number of dead letters of the whole run.
    pub dead_letters: usize,
    /// Their number once nothing could fail any more; `None` if the run came to rest before.
    pub dead_letters_of_faults: Option<usize>,
}

impl FinishedRun<'_> {
    /// Returns the athletes and weeks of imported workouts.
    pub fn imported_weeks(&self) -> BTreeSet<(String, String)> {
        let rows = self.rows(&format!(
            "SELECT DISTINCT athlete_id, date(local_date, 'weekday 0', '-6 days') AS week_start \
             FROM workouts WHERE {IS_IMPORTED}"
        ));
        let week =
            |row: &Value| (text(row, "athlete_id").to_owned(), text(row, "week_start").to_owned());
        rows.iter().map(week).collect()
    }

    /// Returns the rows of a query, of all databases that have its tables.
    pub fn rows(&self, sql: &str) -> Vec<Value> {
        database::rows(self.databases, sql)
    }
}

/// The violations so far.
#[derive(Default)]
pub struct Violations(pub Vec<String>);

impl Violations {
    /// Adds a violation unless the property holds.
    pub fn require(&mut self, holds: bool, violation: impl FnOnce() -> String) {
        if !holds {
            self.0.push(violation());
        }
    }
}

//! Findings in a file, once for each kind: the number of rows and the first lines.
//!
//! Limits without a source are project defaults.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The first lines of a finding that are kept.
const LINES_MAX: usize = 10;

/// The reason that a row is invalid.
#[derive(Debug, PartialEq, Eq)]
pub struct RowError<'a> {
    /// Empty if the whole row is invalid.
    pub column: &'a str,
    pub value: Cow<'a, str>,
    /// The fault or the accepted values; equal for all rows of a kind.
    pub reason: Cow<'static, str>,
}

/// A kind of error or a hint, with the rows that have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding<K> {
    pub kind: K,
    /// The number of rows.
    pub count: usize,
    /// The first lines, at most 10; the header is line 1. Empty if it concerns the whole file.
    pub lines: Vec<u64>,
    /// For an error: the column, the first value (truncated to 50 characters), and the reason.
    pub detail: String,
}

/// Findings by kind, in the order in which they were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings<K>(Vec<Finding<K>>);

impl<K> Default for Findings<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: PartialEq> Findings<K> {
    /// Adds rows from a line on. Only the first finding of a kind has its detail made.
    pub fn add(
        &mut self,
        line: Option<u64>,
        rows: usize,
        is_kind: impl Fn(&K) -> bool,
        new: impl FnOnce() -> (K, String),
    ) {
        let index = self.0.iter().position(|finding| is_kind(&finding.kind));
        let index = index.unwrap_or_else(|| {
            let (kind, detail) = new();
            self.0.push(Finding { kind, count: 0, lines: Vec::new(), detail });
            self.0.len() - 1
        });
        if let Some(finding) = self.0.get_mut(index) {
            finding.count += rows;
            finding.lines.extend(line.filter(|_| finding.lines.len() < LINES_MAX));
        }
    }

    /// Returns the findings by their first lines.
    pub fn into_sorted(mut self) -> Vec<Finding<K>> {
        self.0.sort_by_key(|finding| finding.lines.first().copied());
        self.0
    }
}

/// The kind of an error: its column and its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorKind {
    pub column: String,
    pub reason: Cow<'static, str>,
}

impl Findings<ErrorKind> {
    /// Adds an invalid row, or the rows of an invalid workout.
    pub fn reject(&mut self, line: u64, rows: usize, error: RowError<'_>) {
        let RowError { column, value, reason } = error;
        let is_kind = |kind: &ErrorKind| kind.column == column && kind.reason == reason;
        self.add(Some(line), rows, is_kind, || {
            let detail = match (column, &*value) {
                ("", "") => reason.to_string(),
                ("", value) => format!("{value}: {reason}"),
                (column, "") => format!("{column} {reason}"),
                _ => format!("{column} is `{value}`: {reason}"),
            };
            (ErrorKind { column: column.to_owned(), reason: reason.clone() }, detail)
        });
    }
}

//! Lists that are bounded in rows and in bytes.
//!
//! A row of a workout has up to 256 KB, and a result of D1 is in the memory of the isolate as a whole. So a statement
//! that returns rows of variable size names the keys of a page with their `bytes`, which SQLite reads without the
//! values, and the fragment `that_fit` (`sql/that_fit.sql`) cuts it. A page that ends early has a cursor like any other.

use crate::database::{DatabaseError, Param, Results};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The bytes of the long columns of a page, at most, unless its first row has more: four workouts of the largest size. A
/// project default; a response is several times as long in memory.
pub const PAGE_BYTES_MAX: i64 = 1_000_000;

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Whether there are more items after the last one.
    pub has_more: bool,
}

#[derive(Deserialize)]
struct Found {
    found: usize,
}

/// Returns the parameters of the fragment `that_fit`.
pub(crate) fn fitting(limit: i64) -> [(&'static str, Param); 2] {
    [("limit", limit.into()), ("bytes_max", PAGE_BYTES_MAX.into())]
}

impl Results {
    /// Returns the rows of a statement with the column `found` of the fragment `that_fit`.
    pub(crate) fn page<T: DeserializeOwned>(&mut self) -> Result<Page<T>, DatabaseError> {
        let result = self.next()?;
        let objects = result.rows.strip_prefix('[').unwrap_or_default();
        let mut objects = serde_json::Deserializer::from_str(objects).into_iter::<Found>();
        let found = objects.next().and_then(Result::ok).map_or(0, |row| row.found);
        let items: Vec<T> = result.into_rows()?;
        Ok(Page { has_more: found > items.len(), items })
    }
}

//! The `Database` port: a batch of statements is one round trip and one transaction.

use async_trait::async_trait;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use shared_kernel::{AthleteId, Outcome, json, without_values};
use std::collections::BTreeMap;
use std::ops::Range;

/// A database of SQLite's dialect.
#[async_trait(?Send)]
pub trait Database {
    /// Runs the statements in order, in one transaction and one round trip: all of them take
    /// effect, or none. One result for each statement.
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<QueryResult>, DatabaseError>;

    /// The same for statements that may take effect twice: an adapter may repeat them after an error that
    /// passes. The repetition changes nothing, and the caller can do with its results, which may lack the
    /// rows that the first try returned.
    async fn batch_repeatable(
        &self,
        statements: Vec<Statement>,
    ) -> Result<Vec<QueryResult>, DatabaseError> {
        self.batch(statements).await
    }
}

/// An SQL statement with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// Never built from data.
    pub sql: &'static str,
    pub params: Vec<Param>,
}

impl Statement {
    /// Creates a statement.
    pub fn new(sql: &'static str, params: impl IntoIterator<Item = Param>) -> Self {
        Self { sql, params: params.into_iter().collect() }
    }
}

/// A parameter of a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Param {
    Null,
    /// Exact up to 2^53, the limit of the platform's numbers.
    Integer(i64),
    Real(f64),
    Text(String),
}

impl Param {
    /// Converts ids, days and other values to text.
    #[expect(clippy::needless_pass_by_value, reason = "takes ids, days and texts alike")]
    pub fn text(value: impl ToString) -> Self {
        Self::Text(value.to_string())
    }

    /// Encodes a list or an object as one JSON parameter, for `json_each`.
    pub fn json(value: &impl serde::Serialize) -> Result<Self, DatabaseError> {
        serde_json::to_string(value).map(Self::Text).map_err(|error| DatabaseError::Rejected {
            reason: format!("encode a JSON parameter: {error}"),
        })
    }
}

impl From<i64> for Param {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<f64> for Param {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<&str> for Param {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl<T: Into<Self>> From<Option<T>> for Param {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// The result of one statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryResult {
    /// A JSON array of objects by column name.
    pub rows: String,
    /// Rows written as the platform bills them, index entries included; 0 if unknown.
    pub rows_written: u64,
    /// The size of the database after the statement, if known.
    pub size_bytes: Option<u64>,
}

impl QueryResult {
    /// Parses the rows.
    pub fn into_rows<T: DeserializeOwned>(self) -> Result<Vec<T>, DatabaseError> {
        parse(&self.rows)
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows == "[]"
    }
}

fn parse<T: DeserializeOwned>(rows: &str) -> Result<T, DatabaseError> {
    json::from_str(rows).map_err(DatabaseError::Row)
}

/// The reason why a batch failed. Nothing of it took effect.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The database is unavailable, overloaded or not migrated. A retry may succeed.
    #[error("database: {reason}")]
    Unavailable { reason: String },
    /// The data breaks a rule of the database. A retry with the same data always fails.
    #[error("database rejected the data: {reason}")]
    Rejected { reason: String },
    #[error("database row cannot be parsed: {}", without_values(.0))]
    Row(serde_json::Error),
    #[error("database returned fewer results than statements")]
    MissingResult,
    /// A mistake in this crate: no data can cause it.
    #[error("a statement lacks the value of a parameter")]
    MissingParameter,
}

impl DatabaseError {
    /// Distinguishes rejected data from an unavailable database by SQLite's error texts, which D1
    /// passes on.
    pub fn from_message(reason: String) -> Self {
        const DATA: [&str; 5] = [
            "constraint failed",
            "malformed JSON",
            "too big",
            "datatype mismatch",
            "integer overflow",
        ];
        if DATA.iter().any(|words| reason.contains(words)) {
            Self::Rejected { reason }
        } else {
            Self::Unavailable { reason }
        }
    }

    /// Whether the same data would fail again.
    pub const fn is_caused_by_data(&self) -> bool {
        match self {
            Self::Rejected { .. } => true,
            Self::Unavailable { .. }
            | Self::Row(_)
            | Self::MissingResult
            | Self::MissingParameter => false,
        }
    }
}

impl From<DatabaseError> for Outcome {
    /// Bad data is permanent; a database error may pass.
    fn from(error: DatabaseError) -> Self {
        if error.is_caused_by_data() { Self::permanent(error) } else { Self::transient(error) }
    }
}

/// The athlete of a row.
#[derive(Deserialize)]
struct OfAthlete {
    athlete_id: AthleteId,
}

/// The results of a batch, read one after the other.
pub(crate) struct Results(std::vec::IntoIter<QueryResult>);

impl Results {
    pub(crate) fn new(results: Vec<QueryResult>) -> Self {
        Self(results.into_iter())
    }

    pub(crate) fn next(&mut self) -> Result<QueryResult, DatabaseError> {
        self.0.next().ok_or(DatabaseError::MissingResult)
    }

    pub(crate) fn rows<T: DeserializeOwned>(&mut self) -> Result<Vec<T>, DatabaseError> {
        self.next()?.into_rows()
    }

    pub(crate) fn first<T: DeserializeOwned>(&mut self) -> Result<Option<T>, DatabaseError> {
        Ok(self.rows()?.into_iter().next())
    }

    /// Returns the values of a statement with one column.
    pub(crate) fn column<T: DeserializeOwned>(&mut self) -> Result<Vec<T>, DatabaseError> {
        let rows = self.rows::<BTreeMap<String, T>>()?;
        Ok(rows.into_iter().flat_map(BTreeMap::into_values).collect())
    }

    /// Returns the value of a statement with one column, if it has a row.
    pub(crate) fn value<T: DeserializeOwned>(&mut self) -> Result<Option<T>, DatabaseError> {
        Ok(self.column()?.into_iter().next())
    }

    /// Returns the rows of a statement with a column `athlete_id`, by athlete, in their order.
    pub(crate) fn by_athlete<T: DeserializeOwned>(
        &mut self,
    ) -> Result<BTreeMap<AthleteId, Vec<T>>, DatabaseError> {
        let mut rows = BTreeMap::<_, Vec<T>>::new();
        for (athlete_id, row) in self.with_athlete()? {
            rows.entry(athlete_id).or_default().push(row);
        }
        Ok(rows)
    }

    /// Returns the rows of a statement with a column `athlete_id`, each with its athlete. The text is read twice, which is
    /// cheaper than `serde(flatten)`: that copies each row before it reads it.
    pub(crate) fn with_athlete<T: DeserializeOwned>(
        &mut self,
    ) -> Result<impl Iterator<Item = (AthleteId, T)>, DatabaseError> {
        let result = self.next()?;
        let athletes = parse::<Vec<OfAthlete>>(&result.rows)?.into_iter();
        Ok(athletes.map(|of| of.athlete_id).zip(parse::<Vec<T>>(&result.rows)?))
    }

    pub(crate) fn has_rows(&mut self) -> Result<bool, DatabaseError> {
        Ok(!self.next()?.is_empty())
    }

    pub(crate) fn skip(&mut self, count: usize) {
        self.0.by_ref().take(count).for_each(drop);
    }
}

/// Writes a list of items, in one transaction if possible. If the transaction fails because of the
/// data, the list is halved and each half is written on its own, until the bad item is isolated.
/// One bad item costs the others about 2·log2(n) round trips.
///
/// Returns the written ranges in order, each with its result. Together they cover all items.
pub async fn write_splitting<T, R>(
    items: &[T],
    write: impl AsyncFn(&[T]) -> Result<R, DatabaseError>,
) -> Vec<(Range<usize>, Result<R, DatabaseError>)> {
    let mut done = Vec::new();
    let everything = 0..items.len();
    let mut todo = Vec::from([everything]);
    while let Some(range) = todo.pop() {
        match write(items.get(range.clone()).unwrap_or_default()).await {
            Err(error) if error.is_caused_by_data() && range.len() > 1 => {
                let middle = range.start + range.len() / 2;
                todo.push(middle..range.end);
                todo.push(range.start..middle);
            }
            result => done.push((range, result)),
        }
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;
    use proptest::prelude::*;
    use std::cell::Cell;

    #[test]
    fn sqlite_messages_distinguish_bad_data_from_an_outage() {
        let check = |message: &str, in_data: bool| {
            let error = DatabaseError::from_message(message.to_owned());
            assert_eq!(error.is_caused_by_data(), in_data, "{message}");
        };
        check("D1_ERROR: FOREIGN KEY constraint failed: SQLITE_CONSTRAINT", true);
        check("D1_ERROR: CHECK constraint failed: sets >= 0: SQLITE_CONSTRAINT", true);
        check("D1_ERROR: malformed JSON: SQLITE_ERROR", true);
        check("D1_ERROR: string or blob too big: SQLITE_TOOBIG", true);
        check("D1_ERROR: Network connection lost.", false);
        check("D1_ERROR: D1 DB is overloaded. Requests queued for too long.", false);
        check("D1_ERROR: no such table: workouts: SQLITE_ERROR", false);
    }

    proptest! {
        #[test]
        fn only_the_bad_items_fail_and_each_item_is_written_once(
            bad in prop::collection::vec(any::<bool>(), 1..40)
        ) {
            let calls = Cell::new(0);
            let results = block_on(write_splitting(&bad, async |items: &[bool]| {
                calls.set(calls.get() + 1);
                if items.contains(&true) {
                    Err(DatabaseError::Rejected { reason: "bad".to_owned() })
                } else {
                    Ok(())
                }
            }));
            let mut next = 0;
            for (range, result) in results {
                prop_assert_eq!(range.start, next);
                next = range.end;
                prop_assert_eq!(result.is_err(), bad[range].contains(&true));
            }
            prop_assert_eq!(next, bad.len());
            if !bad.contains(&true) {
                prop_assert_eq!(calls.get(), 1);
            }
        }
    }
}

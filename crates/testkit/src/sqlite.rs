//! SQLite behind the `Database` port, with faults on demand.
//!
//! Thresholds without a source are project defaults.

use crate::rows_written;
use async_trait::async_trait;
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, Value as SqlValue, ValueRef};
use rusqlite::{Connection, ToSql, params_from_iter};
use serde::Serialize;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use storage::database::Param;
use storage::{Database, DatabaseError, QueryResult, Statement};

/// Statements that stay prepared: more than the workers have.
const PREPARED_STATEMENTS_MAX: usize = 256;

/// A SQLite database in memory, which runs the same SQL as D1.
pub struct Sqlite {
    connection: RefCell<Connection>,
    round_trips: Cell<u64>,
    faults: Faults,
    /// Those of the next round trips to any database of a deployment.
    shared_faults: Rc<Faults>,
    observer: RefCell<Option<Box<Observer>>>,
    /// The rows written so far, from [`Self::count_rows_written`] on.
    rows_written: Arc<AtomicU64>,
}

/// The faults of the next round trips, the last first.
#[derive(Default)]
pub(crate) struct Faults(RefCell<Vec<Option<DatabaseFault>>>);

impl Faults {
    /// Sets the faults of the next round trips, one each.
    pub(crate) fn fail_next(&self, faults: &[DatabaseFault]) {
        self.0.borrow_mut().extend(faults.iter().rev().copied().map(Some));
    }

    /// The next `successes` round trips succeed, and the one after them has this fault.
    pub(crate) fn fail_after(&self, successes: usize, fault: DatabaseFault) {
        let mut faults = self.0.borrow_mut();
        faults.push(Some(fault));
        faults.extend(std::iter::repeat_n(None, successes));
    }

    /// Returns the fault of a round trip, if these or else the shared faults have one.
    fn next(&self, shared: &Self) -> Option<DatabaseFault> {
        let own = self.0.borrow_mut().pop();
        own.or_else(|| shared.0.borrow_mut().pop()).flatten()
    }
}

/// Receives each executed statement: its SQL, the time in SQLite, and the rows written.
type Observer = dyn Fn(&'static str, Duration, u64);

/// A fault of one round trip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseFault {
    /// It fails, and nothing of it took effect.
    BeforeCommit,
    /// It fails, and all of it took effect.
    AfterCommit,
    /// Its response is lost, and the adapter repeats it where that is safe; elsewhere like
    /// [`Self::AfterCommit`].
    Repeated,
    /// It succeeds, but this statement of another client is executed just before it.
    Interleaved(&'static str),
}

impl Sqlite {
    /// Returns an athletes' database with every migration applied.
    pub fn migrated() -> Self {
        Self::athletes(Rc::default())
    }

    /// Returns an operators' database with every migration applied.
    pub fn migrated_operations() -> Self {
        Self::operations(Rc::default())
    }

    pub(crate) fn athletes(shared_faults: Rc<Faults>) -> Self {
        Self::with(storage::migrations::ATHLETES, shared_faults)
    }

    pub(crate) fn operations(shared_faults: Rc<Faults>) -> Self {
        Self::with(storage::migrations::OPERATIONS, shared_faults)
    }

    /// Returns a database in a new file, with migrations applied. A crash of the machine may lose it.
    pub(crate) fn at(path: &Path, migrations: &[(&str, &str)], shared_faults: Rc<Faults>) -> Self {
        let connection = Connection::open(path).unwrap();
        connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY").unwrap();
        Self::on(connection, migrations, shared_faults)
    }

    fn with(migrations: &[(&str, &str)], shared_faults: Rc<Faults>) -> Self {
        Self::on(Connection::open_in_memory().unwrap(), migrations, shared_faults)
    }

    fn on(connection: Connection, migrations: &[(&str, &str)], shared_faults: Rc<Faults>) -> Self {
        connection.execute_batch("PRAGMA foreign_keys = ON").unwrap();
        connection.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS_MAX);
        // This build of SQLite has statistics, and would otherwise plan a statement for each bound value.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).unwrap();
        for (name, sql) in migrations {
            let applied = connection.execute_batch(sql);
            applied.unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        Self {
            connection: RefCell::new(connection),
            round_trips: Cell::new(0),
            faults: Faults::default(),
            shared_faults,
            observer: RefCell::default(),
            rows_written: Arc::default(),
        }
    }

    /// Deletes every row. Statements stay prepared, which makes it much cheaper than a new database;
    /// a pragma would discard them. Every foreign key cascades, so the order does not matter.
    pub fn clear(&self) {
        let connection = self.connection.borrow();
        let tables = "SELECT group_concat('DELETE FROM ' || name, ';') FROM sqlite_schema \
                      WHERE type = 'table'";
        let sql: String = connection.query_row(tables, [], |row| row.get(0)).unwrap();
        connection.execute_batch(&format!("BEGIN; {sql}; COMMIT")).unwrap();
    }

    /// Returns the number of round trips so far.
    pub fn round_trips(&self) -> u64 {
        self.round_trips.get()
    }

    /// From now on, results state the rows written as D1 bills them. Statements become slower.
    pub fn count_rows_written(&self) {
        rows_written::install(&self.connection.borrow(), &self.rows_written).unwrap();
    }

    /// Calls the observer after each statement, and after each commit.
    pub fn observe(&self, observer: impl Fn(&'static str, Duration, u64) + 'static) {
        *self.observer.borrow_mut() = Some(Box::new(observer));
    }

    /// Runs one step of a batch and reports it to the observer. Returns the rows written too.
    #[expect(clippy::disallowed_methods, reason = "the time of a statement is measured")]
    fn observed<T>(&self, sql: &'static str, step: impl FnOnce() -> T) -> (T, u64) {
        let (start, rows_before) = (Instant::now(), self.rows_written.load(Ordering::Relaxed));
        let result = step();
        let rows_written = self.rows_written.load(Ordering::Relaxed) - rows_before;
        if let Some(observer) = &*self.observer.borrow() {
            observer(sql, start.elapsed(), rows_written);
        }
        (result, rows_written)
    }

    /// Sets the faults of the next round trips, one each.
    pub fn fail_next(&self, faults: &[DatabaseFault]) {
        self.faults.fail_next(faults);
    }

    /// The next `successes` round trips succeed, and the one after them has this fault.
    pub fn fail_after(&self, successes: usize, fault: DatabaseFault) {
        self.faults.fail_after(successes, fault);
    }

    /// Executes the statements of a test.
    pub fn execute(&self, sql: &str) {
        self.try_execute(sql).unwrap();
    }

    /// Executes the statements of a test in one transaction.
    pub(crate) fn try_execute(&self, sql: &str) -> rusqlite::Result<()> {
        let mut connection = self.connection.borrow_mut();
        let transaction = connection.transaction()?;
        transaction.execute_batch(sql)?;
        transaction.commit()
    }

    /// Returns the rows of a query, each as a JSON object.
    pub fn query(&self, sql: &str) -> Vec<String> {
        self.try_query(sql).unwrap()
    }

    /// Returns the steps of SQLite's plan for a statement with any parameters.
    pub fn query_plan(&self, sql: &str) -> Vec<String> {
        let connection = self.connection.borrow();
        let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let none = vec![SqlValue::Null; plan.parameter_count()];
        let steps = plan.query_map(params_from_iter(none), |row| row.get("detail"));
        steps.unwrap().collect::<rusqlite::Result<_>>().unwrap()
    }

    pub(crate) fn try_query(&self, sql: &str) -> rusqlite::Result<Vec<String>> {
        let connection = self.connection.borrow();
        Ok(execute(&connection, sql, &[])?.into_objects())
    }
}

#[async_trait(?Send)]
impl Database for Sqlite {
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<QueryResult>, DatabaseError> {
        let fault = self.faults.next(&self.shared_faults);
        self.run(&statements, fault)
    }

    async fn batch_repeatable(
        &self,
        statements: Vec<Statement>,
    ) -> Result<Vec<QueryResult>, DatabaseError> {
        let fault = self.faults.next(&self.shared_faults);
        let result = self.run(&statements, fault);
        if fault == Some(DatabaseFault::Repeated) { self.run(&statements, None) } else { result }
    }
}

impl Sqlite {
    fn run(
        &self,
        statements: &[Statement],
        fault: Option<DatabaseFault>,
    ) -> Result<Vec<QueryResult>, DatabaseError> {
        self.round_trips.set(self.round_trips.get() + 1);
        let lost = || DatabaseError::Unavailable { reason: "Network connection lost".to_owned() };
        if fault == Some(DatabaseFault::BeforeCommit) {
            return Err(lost());
        }
        if let Some(DatabaseFault::Interleaved(sql)) = fault {
            self.execute(sql);
        }
        let mut connection = self.connection.borrow_mut();
        let transaction = connection.transaction().unwrap();
        let size_bytes = size_bytes(&transaction);
        let mut results = Vec::new();
        for statement in statements {
            let run = || execute(&transaction, statement.sql, &statement.params);
            let (table, rows_written) = self.observed(statement.sql, run);
            let table = table.map_err(|error| DatabaseError::from_message(error.to_string()))?;
            let rows = format!("[{}]", table.into_objects().join(","));
            results.push(QueryResult { rows, rows_written, size_bytes });
        }
        let (committed, _) = self.observed("COMMIT", || transaction.commit());
        committed.map_err(|error| DatabaseError::from_message(error.to_string()))?;
        let is_lost = matches!(fault, Some(DatabaseFault::AfterCommit | DatabaseFault::Repeated));
        if is_lost { Err(lost()) } else { Ok(results) }
    }
}

/// As D1 reports it with each result.
fn size_bytes(connection: &Connection) -> Option<u64> {
    let pragma = |sql| connection.prepare_cached(sql).ok()?.query_row([], |row| row.get(0)).ok();
    let bytes: i64 = pragma("PRAGMA page_count")
        .zip(pragma("PRAGMA page_size"))
        .map(|(count, size): (i64, i64)| count * size)?;
    u64::try_from(bytes).ok()
}

/// The rows of a statement.
struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<SqlValue>>,
}

impl Table {
    /// Returns each row as a JSON object with its fields in the order of their names. Of two columns with one name the
    /// last counts, as on D1.
    fn into_objects(self) -> Vec<String> {
        let names = self.columns.iter().enumerate();
        let columns: BTreeMap<_, _> = names.map(|(index, name)| (json_text(name), index)).collect();
        let object = |row: &Vec<SqlValue>| {
            let mut object = String::from("{");
            for (name, index) in &columns {
                let separator = if object.len() > 1 { "," } else { "" };
                let value = row.get(*index).expect("a value of each column");
                write!(object, "{separator}{name}:{}", json(value)).unwrap();
            }
            object + "}"
        };
        self.rows.iter().map(object).collect()
    }
}

fn execute(connection: &Connection, sql: &str, params: &[Param]) -> rusqlite::Result<Table> {
    let mut statement = connection.prepare_cached(sql)?;
    let columns: Vec<_> = statement.column_names().into_iter().map(ToOwned::to_owned).collect();
    let read = |row: &rusqlite::Row<'_>| (0..columns.len()).map(|index| row.get(index)).collect();
    let rows = statement.query_map(params_from_iter(params.iter().map(SqlParam)), read)?;
    let rows = rows.collect::<rusqlite::Result<_>>()?;
    Ok(Table { columns, rows })
}

struct SqlParam<'a>(&'a Param);

impl ToSql for SqlParam<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Param::Null => ToSqlOutput::Owned(SqlValue::Null),
            // As in D1: a JavaScript number is a float.
            #[expect(clippy::cast_precision_loss, reason = "exact to 2^53, as on D1")]
            Param::Integer(integer) => ToSqlOutput::Owned(SqlValue::Real(*integer as f64)),
            Param::Real(real) => ToSqlOutput::Owned(SqlValue::Real(*real)),
            Param::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}

fn json(value: &SqlValue) -> String {
    match value {
        SqlValue::Null => "null".to_owned(),
        SqlValue::Integer(integer) => integer.to_string(),
        SqlValue::Real(real) => json_text(real),
        SqlValue::Text(text) => json_text(text),
        SqlValue::Blob(_) => panic!("no table stores blobs"),
    }
}

fn json_text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

//! SQLite behind the `Database` port, with faults on demand.
//!
//! Thresholds without a source are project defaults.

use async_trait::async_trait;
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, Value as SqlValue, ValueRef};
use rusqlite::{Connection, ToSql, params_from_iter};
use serde_json::{Map, Value};
use std::cell::{Cell, RefCell};
use storage::database::Param;
use storage::{Database, DatabaseError, QueryResult, Statement};

/// Statements that stay prepared: more than the workers have.
const PREPARED_STATEMENTS_MAX: usize = 256;

/// A SQLite database in memory, which runs the same SQL as D1.
pub struct Sqlite {
    connection: RefCell<Connection>,
    round_trips: Cell<u64>,
    /// The faults of the next round trips, the last first.
    faults: RefCell<Vec<Option<DatabaseFault>>>,
}

/// A fault of one round trip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseFault {
    /// It fails, and nothing of it took effect.
    BeforeCommit,
    /// It fails, and all of it took effect.
    AfterCommit,
    /// It succeeds, but this statement of another client is executed just before it.
    Interleaved(&'static str),
}

impl Sqlite {
    /// Returns a database with every migration applied.
    pub fn migrated() -> Self {
        let database = Self::empty();
        database.apply(storage::MIGRATIONS);
        database
    }

    /// Returns a database with the migrations before `name` applied.
    pub fn migrated_before(name: &str) -> Self {
        let database = Self::empty();
        database.apply(split_at(name).0);
        database
    }

    /// Applies the migration `name` and those after it.
    pub fn migrate_from(&self, name: &str) {
        self.apply(split_at(name).1);
    }

    fn empty() -> Self {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("PRAGMA foreign_keys = ON").unwrap();
        connection.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS_MAX);
        // This build of SQLite has statistics, and would otherwise plan a statement for each bound value.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).unwrap();
        Self {
            connection: RefCell::new(connection),
            round_trips: Cell::new(0),
            faults: RefCell::default(),
        }
    }

    fn apply(&self, migrations: &[(&str, &str)]) {
        for (name, sql) in migrations {
            let applied = self.connection.borrow().execute_batch(sql);
            applied.unwrap_or_else(|error| panic!("{name}: {error}"));
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

    /// Sets the faults of the next round trips, one each.
    pub fn fail_next(&self, faults: &[DatabaseFault]) {
        self.faults.borrow_mut().extend(faults.iter().rev().copied().map(Some));
    }

    /// The next `successes` round trips succeed, and the one after them has this fault.
    pub fn fail_after(&self, successes: usize, fault: DatabaseFault) {
        let mut faults = self.faults.borrow_mut();
        faults.push(Some(fault));
        faults.extend(std::iter::repeat_n(None, successes));
    }

    /// Executes the statements of a test.
    pub fn execute(&self, sql: &str) {
        self.connection.borrow().execute_batch(sql).unwrap();
    }

    /// Returns the rows of a query, each as a JSON object.
    pub fn query(&self, sql: &str) -> Vec<String> {
        let connection = self.connection.borrow();
        let rows = select(&connection, sql, &[]).unwrap();
        rows.into_iter().map(|row| Value::Object(row).to_string()).collect()
    }
}

#[async_trait(?Send)]
impl Database for Sqlite {
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<QueryResult>, DatabaseError> {
        self.round_trips.set(self.round_trips.get() + 1);
        let fault = self.faults.borrow_mut().pop().flatten();
        let lost = || DatabaseError::Unavailable { reason: "Network connection lost".to_owned() };
        if fault == Some(DatabaseFault::BeforeCommit) {
            return Err(lost());
        }
        if let Some(DatabaseFault::Interleaved(sql)) = fault {
            self.execute(sql);
        }
        let mut connection = self.connection.borrow_mut();
        let transaction = connection.transaction().unwrap();
        let mut results = Vec::new();
        for statement in &statements {
            let rows = select(&transaction, statement.sql, &statement.params)
                .map_err(|error| DatabaseError::from_message(error.to_string()))?;
            let rows = serde_json::to_string(&rows).unwrap();
            results.push(QueryResult { rows, rows_written: 0 });
        }
        transaction.commit().map_err(|error| DatabaseError::from_message(error.to_string()))?;
        if fault == Some(DatabaseFault::AfterCommit) { Err(lost()) } else { Ok(results) }
    }
}

/// Migrations as file name and SQL.
type Migrations = &'static [(&'static str, &'static str)];

/// Splits the migrations before `name`.
fn split_at(name: &str) -> (Migrations, Migrations) {
    let place = storage::MIGRATIONS.iter().position(|(other, _)| *other == name);
    storage::MIGRATIONS.split_at(place.expect("an existing migration"))
}

fn select(
    connection: &Connection,
    sql: &str,
    params: &[Param],
) -> rusqlite::Result<Vec<Map<String, Value>>> {
    let mut statement = connection.prepare_cached(sql)?;
    let names: Vec<_> = statement.column_names().into_iter().map(ToOwned::to_owned).collect();
    let mut rows = statement.query(params_from_iter(params.iter().map(SqlParam)))?;
    let mut objects = Vec::new();
    while let Some(row) = rows.next()? {
        let mut object = Map::new();
        for (index, name) in names.iter().enumerate() {
            object.insert(name.clone(), json(row.get_ref(index)?));
        }
        objects.push(object);
    }
    Ok(objects)
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

fn json(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => Value::from(integer),
        ValueRef::Real(real) => Value::from(real),
        ValueRef::Text(text) => Value::from(std::str::from_utf8(text).unwrap()),
        ValueRef::Blob(_) => panic!("no table stores blobs"),
    }
}

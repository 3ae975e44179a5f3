//! SQLite behind the `Database` port, with faults on demand.

use async_trait::async_trait;
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, Value as SqlValue, ValueRef};
use rusqlite::{Connection, ToSql, params_from_iter};
use serde_json::{Map, Value};
use std::cell::{Cell, RefCell};
use storage::database::Param;
use storage::{Database, DatabaseError, QueryResult, Statement};

/// Statements that stay prepared (ours: more than the house has).
const STATEMENTS_KEPT: usize = 256;

/// A SQLite database in memory: the SQL that D1 runs, without D1.
pub struct Sqlite {
    connection: RefCell<Connection>,
    round_trips: Cell<u64>,
    failures: RefCell<Vec<Option<Fault>>>,
}

/// When a round trip fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing of it took effect.
    BeforeCommit,
    /// All of it took effect, but the answer was lost.
    AfterCommit,
    /// It does not fail, but this statement of another came in just before it.
    Overtaken(&'static str),
}

impl Sqlite {
    /// With every migration applied.
    pub fn migrated() -> Self {
        let database = Self::empty();
        database.apply(storage::MIGRATIONS);
        database
    }

    /// With the migrations before this one applied.
    pub fn migrated_before(name: &str) -> Self {
        let database = Self::empty();
        database.apply(split_at(name).0);
        database
    }

    /// Applies this migration and those after it.
    pub fn migrate_from(&self, name: &str) {
        self.apply(split_at(name).1);
    }

    fn empty() -> Self {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("PRAGMA foreign_keys = ON").unwrap();
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        // This build of SQLite has statistics, and would plan a statement anew for each value that is bound.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).unwrap();
        Self {
            connection: RefCell::new(connection),
            round_trips: Cell::new(0),
            failures: RefCell::default(),
        }
    }

    fn apply(&self, migrations: &[(&str, &str)]) {
        for (name, sql) in migrations {
            let applied = self.connection.borrow().execute_batch(sql);
            applied.unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }

    /// Takes every row away. Far less work than a new database: its statements stay prepared, for
    /// which reason no pragma is touched; every foreign key cascades, so any order will do.
    pub fn clear(&self) {
        let connection = self.connection.borrow();
        let tables = "SELECT group_concat('DELETE FROM ' || name, ';') FROM sqlite_schema \
                      WHERE type = 'table'";
        let sql: String = connection.query_row(tables, [], |row| row.get(0)).unwrap();
        connection.execute_batch(&format!("BEGIN; {sql}; COMMIT")).unwrap();
    }

    /// Round trips so far.
    pub fn round_trips(&self) -> u64 {
        self.round_trips.get()
    }

    /// The next round trips fail, one for each fault.
    pub fn fail_next(&self, faults: &[Fault]) {
        self.failures.borrow_mut().extend(faults.iter().rev().copied().map(Some));
    }

    /// So many round trips come through, and the one after them fails.
    pub fn fail_after(&self, passing: usize, fault: Fault) {
        let mut failures = self.failures.borrow_mut();
        failures.push(Some(fault));
        failures.extend(std::iter::repeat_n(None, passing));
    }

    /// Runs statements of a test.
    pub fn execute(&self, sql: &str) {
        self.connection.borrow().execute_batch(sql).unwrap();
    }

    /// The rows of a query of a test, each as its JSON.
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
        let fault = self.failures.borrow_mut().pop().flatten();
        let lost = || DatabaseError::Unavailable { reason: "Network connection lost".to_owned() };
        if fault == Some(Fault::BeforeCommit) {
            return Err(lost());
        }
        if let Some(Fault::Overtaken(sql)) = fault {
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
        if fault == Some(Fault::AfterCommit) { Err(lost()) } else { Ok(results) }
    }
}

/// Migrations, by file name.
type Migrations = &'static [(&'static str, &'static str)];

/// The migrations before one, and from it on.
fn split_at(name: &str) -> (Migrations, Migrations) {
    let place = storage::MIGRATIONS.iter().position(|(other, _)| *other == name);
    storage::MIGRATIONS.split_at(place.expect("there is such a migration"))
}

fn select(
    connection: &Connection,
    sql: &str,
    params: &[Param],
) -> rusqlite::Result<Vec<Map<String, Value>>> {
    let mut statement = connection.prepare_cached(sql)?;
    let names: Vec<_> = statement.column_names().into_iter().map(ToOwned::to_owned).collect();
    let mut rows = statement.query(params_from_iter(params.iter().map(SqlParam)))?;
    let mut read = Vec::new();
    while let Some(row) = rows.next()? {
        let mut object = Map::new();
        for (index, name) in names.iter().enumerate() {
            object.insert(name.clone(), json(row.get_ref(index)?));
        }
        read.push(object);
    }
    Ok(read)
}

struct SqlParam<'a>(&'a Param);

impl ToSql for SqlParam<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Param::Null => ToSqlOutput::Owned(SqlValue::Null),
            // As D1 does: a number of JavaScript is a float.
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
        ValueRef::Blob(_) => panic!("the house stores no blobs"),
    }
}

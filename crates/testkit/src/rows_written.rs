//! The rows that a statement writes, counted as D1 bills them: one for each row inserted, updated or
//! deleted, and one for each index entry inserted. An entry that is only removed is free.
//!
//! SQLite itself does not count index entries. Temporary triggers do: an `UPDATE OF` trigger fires
//! exactly when a column of the index is assigned, even to the value that it has.

use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The SQL function that the triggers call.
const COUNT: &str = "count_row_written";

/// Adds the triggers to every table. From now on `counter` grows with each row written.
pub fn install(connection: &Connection, counter: &Arc<AtomicU64>) -> Result<()> {
    let counter = Arc::clone(counter);
    connection.create_scalar_function(COUNT, 0, FunctionFlags::SQLITE_UTF8, move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(0)
    })?;
    let mut number = 0;
    for table in tables(connection)? {
        for (operation, count) in triggers(connection, &table)? {
            number += 1;
            connection.execute_batch(&format!(
                "CREATE TEMP TRIGGER {COUNT}_{number} AFTER {operation} ON {} BEGIN {count}; END",
                table.name
            ))?;
        }
    }
    Ok(())
}

/// Returns the operations on a table, each with the statement that counts what it writes.
fn triggers(connection: &Connection, table: &Table) -> Result<Vec<(String, String)>> {
    let row = format!("SELECT {COUNT}()");
    let mut triggers = Vec::from(
        ["INSERT", "UPDATE", "DELETE"].map(|operation| (operation.to_owned(), row.clone())),
    );
    for index in indexes(connection, table)? {
        let count = match &index.condition {
            None => row.clone(),
            Some(condition) => {
                let is_row = table.primary_key.iter().map(|name| format!("{name} = NEW.{name}"));
                let is_row = is_row.collect::<Vec<_>>().join(" AND ");
                format!("{row} FROM {} WHERE {is_row} AND ({condition})", table.name)
            }
        };
        triggers.push(("INSERT".to_owned(), count.clone()));
        triggers.push((format!("UPDATE OF {}", index.columns.join(", ")), count));
    }
    Ok(triggers)
}

struct Table {
    name: String,
    has_rowid: bool,
    columns: Vec<String>,
    primary_key: Vec<String>,
}

fn tables(connection: &Connection) -> Result<Vec<Table>> {
    let sql = "SELECT name, wr FROM pragma_table_list \
               WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let names: Vec<(String, bool)> = rows(connection, sql, |row| Ok((row.get(0)?, row.get(1)?)))?;
    let table = |(name, is_without_rowid): (String, bool)| {
        let sql = format!("SELECT name, pk > 0 FROM pragma_table_info('{name}') ORDER BY pk");
        let columns: Vec<(String, bool)> =
            rows(connection, &sql, |row| Ok((row.get(0)?, row.get(1)?)))?;
        let key = columns.iter().filter(|(_, is_key)| *is_key).map(|(column, _)| column.clone());
        Ok(Table {
            name,
            has_rowid: !is_without_rowid,
            primary_key: key.collect(),
            columns: columns.into_iter().map(|(column, _)| column).collect(),
        })
    };
    names.into_iter().map(table).collect()
}

struct Index {
    /// The columns that its SQL names: those of its key and of its condition.
    columns: Vec<String>,
    /// The condition of a partial index.
    condition: Option<String>,
}

/// Returns the indexes of a table. The primary key of a table without row ids is the table itself.
fn indexes(connection: &Connection, table: &Table) -> Result<Vec<Index>> {
    let sql = format!(
        "SELECT list.name, origin = 'pk', sql FROM pragma_index_list('{}') AS list \
         JOIN sqlite_schema AS entry ON entry.name = list.name",
        table.name
    );
    let found: Vec<(String, bool, Option<String>)> =
        rows(connection, &sql, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let real = found.into_iter().filter(|(_, is_key, _)| table.has_rowid || !is_key);
    let index = |(name, _, sql): (String, bool, Option<String>)| {
        if let Some(sql) = sql {
            return Ok(created_index(table, &sql));
        }
        let sql = format!("SELECT name FROM pragma_index_info('{name}')");
        Ok(Index { columns: rows(connection, &sql, |row| row.get(0))?, condition: None })
    };
    real.map(index).collect()
}

/// Reads the columns and the condition of an index from its `CREATE INDEX` statement.
fn created_index(table: &Table, sql: &str) -> Index {
    let (_, definition) = sql.split_once('(').unwrap_or(("", sql));
    let words: Vec<_> = definition.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let is_named = |column: &&String| words.contains(&column.as_str());
    let condition = definition.split_once("WHERE").map(|(_, condition)| condition.to_owned());
    Index { columns: table.columns.iter().filter(is_named).cloned().collect(), condition }
}

fn rows<T>(
    connection: &Connection,
    sql: &str,
    read: impl Fn(&rusqlite::Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    connection.prepare(sql)?.query_map([], |row| read(row))?.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_index_entries_are_counted_as_d1_bills_them() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE workouts (id TEXT PRIMARY KEY, day TEXT, sets INTEGER) WITHOUT ROWID;
                 CREATE INDEX by_day ON workouts (day);
                 CREATE INDEX long ON workouts (day) WHERE sets > 20;
                 CREATE TABLE keys (hash TEXT PRIMARY KEY)",
            )
            .unwrap();
        let counter = Arc::default();
        install(&connection, &counter).unwrap();
        let check = |sql: &str, expected: u64| {
            let before = counter.load(Ordering::Relaxed);
            connection.execute_batch(sql).unwrap();
            assert_eq!(counter.load(Ordering::Relaxed) - before, expected, "{sql}");
        };
        check("INSERT INTO workouts VALUES ('a', 'mon', 10)", 2);
        check("INSERT INTO workouts VALUES ('b', 'mon', 24)", 3);
        check("INSERT INTO workouts VALUES ('a', 'tue', 1) ON CONFLICT DO NOTHING", 0);
        check("UPDATE workouts SET day = 'mon' WHERE id = 'a'", 2);
        check("UPDATE workouts SET sets = 22 WHERE id = 'a'", 2);
        check("UPDATE workouts SET sets = 5 WHERE id = 'a'", 1);
        check("DELETE FROM workouts", 2);
        check("INSERT INTO keys VALUES ('h')", 2);
    }
}

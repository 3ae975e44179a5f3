//! D1 behind the `Database` port.

use crate::usage::Usage;
use async_trait::async_trait;
use std::rc::Rc;
use storage::database::Param;
use storage::{Database, DatabaseError, QueryResult, Statement};
use wasm_bindgen::JsValue;
use worker::{D1Database, D1PreparedStatement, D1Result};

/// One D1 database.
pub struct D1 {
    database: D1Database,
    usage: Rc<Usage>,
}

impl D1 {
    /// The database of this binding; its round trips are counted.
    pub fn new(database: D1Database, usage: Rc<Usage>) -> Self {
        Self { database, usage }
    }

    fn prepare(&self, statement: &Statement) -> worker::Result<D1PreparedStatement> {
        let params: Vec<_> = statement.params.iter().map(js_value).collect();
        self.database.prepare(statement.sql).bind(&params)
    }
}

#[async_trait(?Send)]
impl Database for D1 {
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<QueryResult>, DatabaseError> {
        let prepared = statements
            .iter()
            .map(|statement| self.prepare(statement))
            .collect::<worker::Result<Vec<_>>>()
            .map_err(|error| database_error(&error))?;
        let answered = self.database.batch(prepared).await;
        let results: Result<Vec<QueryResult>, _> = match answered {
            Ok(results) => results.iter().map(query_result).collect(),
            Err(error) => Err(database_error(&error)),
        };
        let rows_written = results.iter().flatten().map(|result| result.rows_written).sum();
        self.usage.database_round_trip(rows_written);
        results
    }
}

/// An i64 would become a `BigInt`, which D1 refuses: integers go as floats, exact to 2^53.
#[expect(clippy::cast_precision_loss, reason = "exact to 2^53; masses and times are far below")]
fn js_value(param: &Param) -> JsValue {
    match param {
        Param::Null => JsValue::NULL,
        Param::Integer(integer) => JsValue::from_f64(*integer as f64),
        Param::Real(real) => JsValue::from_f64(*real),
        Param::Text(text) => JsValue::from_str(text),
    }
}

fn query_result(result: &D1Result) -> Result<QueryResult, DatabaseError> {
    let rows = result.results().map_err(|error| database_error(&error))?;
    let meta = result.meta().map_err(|error| database_error(&error))?;
    let rows_written = meta.and_then(|meta| meta.rows_written).unwrap_or(0);
    Ok(QueryResult { rows, rows_written: rows_written as u64 })
}

fn database_error(error: &worker::Error) -> DatabaseError {
    DatabaseError::from_message(match error {
        worker::Error::D1(error) => {
            let outer: String = AsRef::<js_sys::Error>::as_ref(error).message().into();
            format!("{outer}: {}", error.cause())
        }
        other => other.to_string(),
    })
}

//! D1 behind the `Database` port.
//!
//! Uses the runtime's own objects instead of the wrapper of `worker`: the runtime turns rows into JSON
//! text, which is parsed once, into the row types.

use super::System;
use crate::database_retry::{only_read, with_retries};
use crate::usage::Usage;
use async_trait::async_trait;
use js_sys::{Array, JSON, Reflect};
use std::rc::Rc;
use storage::database::Param;
use storage::{Database, DatabaseError, QueryResult, Statement};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use worker::worker_sys;
use worker::{D1Database, Env};

/// The runtime's object of a binding.
pub struct D1Binding(worker_sys::D1Database);

impl D1Binding {
    /// Looks up the binding of this name.
    pub fn from_env(env: &Env, name: &str) -> worker::Result<Self> {
        let database: D1Database = env.d1(name)?;
        Ok(Self(JsValue::from(database).unchecked_into()))
    }
}

/// One D1 database.
pub struct D1 {
    binding: Rc<D1Binding>,
    usage: Rc<Usage>,
}

impl D1 {
    /// Wraps a binding and counts its round trips in `usage`.
    pub fn new(binding: Rc<D1Binding>, usage: Rc<Usage>) -> Self {
        Self { binding, usage }
    }

    async fn run_counted(
        &self,
        statements: &[Statement],
    ) -> Result<Vec<QueryResult>, DatabaseError> {
        let results = self.run(statements).await.map_err(|error| database_error(&error));
        let rows_written = results.iter().flatten().map(|result| result.rows_written).sum();
        self.usage.database_round_trip(rows_written);
        results
    }

    async fn run(&self, statements: &[Statement]) -> Result<Vec<QueryResult>, JsValue> {
        let database = &self.binding.0;
        let prepared = Array::new();
        for statement in statements {
            let params: Array = statement.params.iter().map(js_value).collect();
            let statement = database.prepare(statement.sql)?.bind(params)?;
            prepared.push(statement.as_ref());
        }
        let results = JsFuture::from(database.batch(prepared)?).await?;
        results.unchecked_into::<Array>().iter().map(query_result).collect()
    }
}

#[async_trait(?Send)]
impl Database for D1 {
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<QueryResult>, DatabaseError> {
        if only_read(&statements) {
            return self.batch_repeatable(statements).await;
        }
        self.run_counted(&statements).await
    }

    async fn batch_repeatable(
        &self,
        statements: Vec<Statement>,
    ) -> Result<Vec<QueryResult>, DatabaseError> {
        let budget = (&self.usage.retries, statements.len());
        with_retries((&System, &System), budget, async || self.run_counted(&statements).await).await
    }
}

/// An i64 would become a `BigInt`, which D1 rejects: integers are bound as floats, exact to 2^53.
#[expect(clippy::cast_precision_loss, reason = "exact to 2^53; masses and times are far below")]
fn js_value(param: &Param) -> JsValue {
    match param {
        Param::Null => JsValue::NULL,
        Param::Integer(integer) => JsValue::from_f64(*integer as f64),
        Param::Real(real) => JsValue::from_f64(*real),
        Param::Text(text) => JsValue::from_str(text),
    }
}

fn query_result(result: JsValue) -> Result<QueryResult, JsValue> {
    let result: worker_sys::D1Result = result.unchecked_into();
    let rows = match result.results()? {
        Some(rows) => JSON::stringify(&rows)?.into(),
        None => "[]".to_owned(),
    };
    let meta = result.meta()?;
    let count = |name: &str| -> Result<Option<u64>, JsValue> {
        let number = Reflect::get(meta.as_ref(), &name.into())?.as_f64();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        Ok(number.map(|number| number as u64))
    };
    let rows_written = count("rows_written")?.unwrap_or(0);
    Ok(QueryResult { rows, rows_written, size_bytes: count("size_after")? })
}

/// The message of SQLite is in the error, in its cause, or in both.
fn database_error(error: &JsValue) -> DatabaseError {
    let message = |error: &JsValue| Reflect::get(error, &"message".into()).ok()?.as_string();
    let cause = Reflect::get(error, &"cause".into()).ok();
    let messages = [message(error), cause.as_ref().and_then(message)];
    let messages: Vec<_> = messages.into_iter().flatten().collect();
    DatabaseError::from_message(if messages.is_empty() {
        "D1 failed without a message".to_owned()
    } else {
        messages.join(": ")
    })
}

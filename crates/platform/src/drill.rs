//! Drills: faults on demand, in a deployment that an operator set up for it.
//!
//! The variable `DRILL` lists ids with a fault each, `panic:<id>,memory:<id>,loop:<id>`. A statement with
//! such an id among its parameters causes the fault; an id within a message body, as in a dead letter,
//! does not. Shipped deployments do not set the variable and do not use this module.

use async_trait::async_trait;
use std::rc::Rc;
use storage::database::Param;
use storage::{Database, DatabaseError, QueryResult, Statement};

/// The size of one allocation of the memory fault.
const HOARD_BYTES: usize = 1 << 28;

/// A database that causes a fault for some ids.
pub struct Drill {
    database: Rc<dyn Database>,
    faults: Vec<(Fault, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Panic,
    Memory,
    Loop,
}

impl Drill {
    /// Parses the variable; unknown faults are ignored.
    pub fn new(database: Rc<dyn Database>, text: &str) -> Self {
        let faults = text.split(',').filter_map(|entry| {
            let (fault, id) = entry.split_once(':')?;
            Some((Fault::from_name(fault)?, id.to_owned()))
        });
        Self { database, faults: faults.collect() }
    }

    fn fault_of(&self, statements: &[Statement]) -> Option<Fault> {
        let names = |id: &str| {
            // Within a message body, which is a JSON string in JSON, a backslash follows the id.
            let in_json = format!("{id}\"");
            let mut params = statements.iter().flat_map(|statement| &statement.params);
            params.any(
                |param| matches!(param, Param::Text(text) if text == id || text.contains(&in_json)),
            )
        };
        self.faults.iter().find(|(_, id)| names(id)).map(|(fault, _)| *fault)
    }

    fn cause_fault_of(&self, statements: &[Statement]) {
        if let Some(fault) = self.fault_of(statements) {
            fault.cause();
        }
    }
}

impl Fault {
    fn from_name(name: &str) -> Option<Self> {
        match name {
            "panic" => Some(Self::Panic),
            "memory" => Some(Self::Memory),
            "loop" => Some(Self::Loop),
            _ => None,
        }
    }

    #[expect(clippy::panic, reason = "the purpose of a drill")]
    fn cause(self) {
        match self {
            Self::Panic => panic!("a drill"),
            Self::Memory => {
                let mut hoard: Vec<Vec<u8>> = Vec::new();
                loop {
                    hoard.push(std::hint::black_box(Vec::with_capacity(HOARD_BYTES)));
                }
            }
            Self::Loop => loop {
                std::hint::spin_loop();
            },
        }
    }
}

#[async_trait(?Send)]
impl Database for Drill {
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<QueryResult>, DatabaseError> {
        self.cause_fault_of(&statements);
        self.database.batch(statements).await
    }

    async fn batch_repeatable(
        &self,
        statements: Vec<Statement>,
    ) -> Result<Vec<QueryResult>, DatabaseError> {
        self.cause_fault_of(&statements);
        self.database.batch_repeatable(statements).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_statements_with_a_listed_id_cause_a_fault() {
        let database = std::rc::Rc::new(testkit::Sqlite::migrated());
        let drill = Drill::new(database, "panic:a1,flood:b2,,loop:c3");
        let fault = |params: Vec<Param>| drill.fault_of(&[Statement::new("SELECT ?1", params)]);
        assert_eq!(fault(vec![]), None);
        assert_eq!(fault(vec![Param::Null, "b2".into(), "a".into()]), None);
        assert_eq!(fault(vec![Param::Null, "[\"a1\"]".into()]), Some(Fault::Panic));
        assert_eq!(fault(vec!["c3".into()]), Some(Fault::Loop));
        assert_eq!(fault(vec![Param::json(&json!({"body": r#"{"id":"a1"}"#})).unwrap()]), None);
    }
}

//! Drills: what a bug would do, on demand, in a deployment that an operator set up for it.
//!
//! The variable `DRILL` names ids, `panic:<id>,memory:<id>,loop:<id>`; a statement that any of them is
//! bound to does what is said; a body that speaks of them, as in a dead letter, is let through. Without the variable, as shipped, nothing of this is in the way.

use async_trait::async_trait;
use std::rc::Rc;
use storage::database::Param;
use storage::{Database, DatabaseError, QueryResult, Statement};

/// What the drill takes at once, in bytes.
const HOARD_BYTES: usize = 1 << 28;

/// A database on which some ids are poison.
pub struct Drill {
    database: Rc<dyn Database>,
    poisons: Vec<(Fault, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Panic,
    Memory,
    Loop,
}

impl Drill {
    /// By the text of the variable; a fault that it does not know is left out.
    pub fn new(database: Rc<dyn Database>, text: &str) -> Self {
        let poisons = text.split(',').filter_map(|poison| {
            let (fault, id) = poison.split_once(':')?;
            Some((Fault::of(fault)?, id.to_owned()))
        });
        Self { database, poisons: poisons.collect() }
    }

    fn fault_of(&self, statements: &[Statement]) -> Option<Fault> {
        let names = |id: &str| {
            // In the JSON of a body that is a string of JSON itself, a backslash follows.
            let in_json = format!("{id}\"");
            let mut params = statements.iter().flat_map(|statement| &statement.params);
            params.any(
                |param| matches!(param, Param::Text(text) if text == id || text.contains(&in_json)),
            )
        };
        self.poisons.iter().find(|(_, id)| names(id)).map(|(fault, _)| *fault)
    }
}

impl Fault {
    fn of(name: &str) -> Option<Self> {
        match name {
            "panic" => Some(Self::Panic),
            "memory" => Some(Self::Memory),
            "loop" => Some(Self::Loop),
            _ => None,
        }
    }

    #[expect(clippy::panic, reason = "it is what a drill is for")]
    fn strike(self) {
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
        if let Some(fault) = self.fault_of(&statements) {
            fault.strike();
        }
        self.database.batch(statements).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_a_statement_that_names_the_id_is_struck() {
        let (database, _) = testkit::database();
        let drill = Drill::new(database, "panic:a1,flood:b2,,loop:c3");
        let fault = |params: Vec<Param>| drill.fault_of(&[Statement::new("SELECT ?1", params)]);
        assert_eq!(fault(vec![]), None);
        assert_eq!(fault(vec![Param::Null, "b2".into(), "a".into()]), None);
        assert_eq!(fault(vec![Param::Null, "[\"a1\"]".into()]), Some(Fault::Panic));
        assert_eq!(fault(vec!["c3".into()]), Some(Fault::Loop));
        assert_eq!(fault(vec![Param::json(&json!({"body": r#"{"id":"a1"}"#})).unwrap()]), None);
    }
}

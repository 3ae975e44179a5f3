//! The documents of docs/reference are those that the code generates. `UPDATE_REFERENCE=1` writes them.

use crate::openapi::document;
use contract::ProblemCode;
use serde::Serialize;
use serde_json::{Value, json};
use std::path::Path;

fn check(name: &str, document: &impl Serialize) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference").join(name);
    let generated = serde_json::to_string_pretty(document).unwrap() + "\n";
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == generated, "{name} differs: run the tests with UPDATE_REFERENCE=1");
}

#[test]
fn openapi_document_is_generated_from_the_routes() {
    check("openapi.json", &document());
}

#[test]
fn problems_document_lists_every_code() {
    let problems = ProblemCode::ALL.iter().map(|code| {
        json!({
            "code": code,
            "status": code.status(),
            "title": code.title(),
            "meaning": code.meaning(),
            "fix": code.fix(),
        })
    });
    check("problems.json", &problems.collect::<Value>());
}

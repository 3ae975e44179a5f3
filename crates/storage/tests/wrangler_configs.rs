//! Compares the databases of `wrangler/*.jsonc` with the bindings in code. A wrangler environment
//! inherits no binding, so the test checks each environment as well.
#![expect(clippy::unwrap_used, reason = "a test panics on failure")]

use serde_json::{Value, json};
use storage::migrations;

/// The databases as each worker binds them: by name, without the ids of an account.
fn expected() -> Value {
    let database = |binding: &str| {
        let name = binding.to_lowercase().replace('_', "-");
        let folder = name.split('-').next().unwrap();
        json!({
            "binding": binding,
            "database_name": format!("bulktrack-{name}"),
            "migrations_dir": format!("../crates/storage/migrations/{folder}"),
        })
    };
    migrations::by_binding().map(|(binding, _)| database(binding)).collect()
}

#[test]
fn every_worker_binds_every_database_by_name() {
    for worker in ["api", "aggregation", "ai", "webhook"] {
        let path = format!("{}/../../wrangler/{worker}.jsonc", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap();
        let options = jsonc_parser::ParseOptions::default();
        let config: Value = jsonc_parser::parse_to_serde_value(&text, &options).unwrap();
        assert_eq!(config["d1_databases"], expected(), "{worker}");
        for (name, environment) in config["env"].as_object().into_iter().flatten() {
            assert_eq!(environment["d1_databases"], expected(), "{name} of {worker}");
        }
    }
}

//! What receivers of outgoing webhooks are told: each kind of news has its type's schema, and is in it.
#![expect(clippy::unwrap_used, reason = "a test panics on failure")]

use serde_json::{Value, json};
use shared_kernel::NotificationKind;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Sent on demand, and no news.
const TEST_TYPE: &str = "endpoint.test";

fn documentation(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/webhooks").join(folder)
}

fn types_in(folder: &str) -> BTreeSet<String> {
    let files = std::fs::read_dir(documentation(folder)).unwrap();
    files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .map(|name| name.strip_suffix(".json").unwrap().to_owned())
        .collect()
}

#[test]
fn each_type_has_a_schema_and_an_example() {
    let types: BTreeSet<_> = NotificationKind::all()
        .map(|kind| kind.policy().webhook_type)
        .chain([TEST_TYPE])
        .map(str::to_owned)
        .collect();
    assert_eq!(types_in("schemas/v1"), types);
    assert_eq!(types_in("examples"), types);
}

#[test]
fn each_notification_kind_is_allowed_by_its_schema() {
    for kind in NotificationKind::all() {
        let name = kind.policy().webhook_type;
        let path = documentation("schemas/v1").join(format!("{name}.json"));
        let schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        assert_eq!(schema["properties"]["type"], json!({"const": name}));
        let allowed = &schema["properties"]["data"]["properties"]["kind"];
        let only = allowed["const"].as_str() == Some(kind.as_str());
        let one_of = allowed["enum"].as_array();
        let one_of = one_of.is_some_and(|kinds| kinds.contains(&json!(kind.as_str())));
        assert!(only || one_of, "{name} does not allow {}", kind.as_str());
    }
}

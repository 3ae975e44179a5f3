//! Each webhook type has a schema and an example, and the schema allows its notification kinds.
#![expect(clippy::unwrap_used, reason = "a test panics on failure")]

use serde_json::{Value, json};
use shared_kernel::{NotificationKind, WebhookEventType};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn documentation_path(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/webhooks").join(folder)
}

fn types_in(folder: &str) -> BTreeSet<String> {
    std::fs::read_dir(documentation_path(folder))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .map(|name| name.strip_suffix(".json").unwrap().to_owned())
        .collect()
}

#[test]
fn each_webhook_type_has_a_schema_and_an_example() {
    let types: BTreeSet<_> = NotificationKind::all()
        .map(|kind| kind.policy().webhook_type)
        .chain([WebhookEventType::Test])
        .map(|event_type| event_type.as_str().to_owned())
        .collect();
    assert_eq!(types_in("schemas/v1"), types);
    assert_eq!(types_in("examples"), types);
}

#[test]
fn each_schema_allows_its_notification_kinds() {
    for kind in NotificationKind::all() {
        let name = kind.policy().webhook_type.as_str();
        let path = documentation_path("schemas/v1").join(format!("{name}.json"));
        let schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        assert_eq!(schema["properties"]["type"], json!({"const": name}));
        let allowed = &schema["properties"]["data"]["properties"]["kind"];
        let is_only_kind = allowed["const"].as_str() == Some(kind.as_str());
        let is_one_of_kinds =
            allowed["enum"].as_array().is_some_and(|kinds| kinds.contains(&json!(kind.as_str())));
        assert!(is_only_kind || is_one_of_kinds, "{name} does not allow {}", kind.as_str());
    }
}

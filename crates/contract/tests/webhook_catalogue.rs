//! Pins the files of the catalogue of webhook events to the code: one schema and one example of each type,
//! and the file that the api serves. `UPDATE_REFERENCE=1 cargo nextest run -p contract catalogue` writes
//! them.
#![expect(clippy::unwrap_used, reason = "a test panics on failure")]

use contract::Items;
use contract::webhook_catalogue::catalogue;
use serde::Serialize;
use serde_json::Value;
use shared_kernel::{NotificationKind, WebhookEventType};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn documentation(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(path)
}

/// Compares a file with its content, or writes it.
fn check(path: &str, content: &impl Serialize) {
    let text = format!("{}\n", serde_json::to_string_pretty(content).unwrap());
    let file = documentation(path);
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let stored = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(stored == text, "docs/{path} differs from the code; UPDATE_REFERENCE=1 writes it");
}

/// A body with its fields in the order of the wire.
#[derive(Serialize)]
struct Body<'a> {
    r#type: &'a Value,
    timestamp: &'a Value,
    data: &'a Value,
}

impl<'a> Body<'a> {
    fn of(example: &'a Value) -> Self {
        let field = |name: &str| example.get(name).unwrap();
        Self { r#type: field("type"), timestamp: field("timestamp"), data: field("data") }
    }
}

fn types_in(folder: &str) -> BTreeSet<String> {
    std::fs::read_dir(documentation(folder))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .map(|name| name.strip_suffix(".json").unwrap().to_owned())
        .collect()
}

#[test]
fn catalogue_matches_its_files() {
    let types: BTreeSet<_> =
        WebhookEventType::all().map(|event_type| event_type.as_str().to_owned()).collect();
    let items = catalogue();
    for info in &items {
        let name = info.event_type.as_str();
        check(&format!("webhooks/schemas/v1/{name}.json"), &info.schema);
        check(&format!("webhooks/examples/{name}.json"), &Body::of(&info.example));
    }
    check("reference/webhook-event-types.json", &Items { items });
    assert_eq!(types_in("webhooks/schemas/v1"), types);
    assert_eq!(types_in("webhooks/examples"), types);
}

#[test]
fn each_notification_kind_is_in_the_schema_of_its_type() {
    let items = catalogue();
    for kind in NotificationKind::all() {
        let event_type = kind.policy().webhook_type;
        let info = items.iter().find(|info| info.event_type == event_type).unwrap();
        let kinds = info.schema.pointer("/properties/data/properties/kind/enum").unwrap();
        assert!(kinds.as_array().unwrap().contains(&kind.as_str().into()), "{event_type:?}");
    }
}

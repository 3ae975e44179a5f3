//! docs/reference/asyncapi.json is generated from the events, their payloads and the routing table.
//! `UPDATE_REFERENCE=1 cargo nextest run -p shared-kernel asyncapi` writes it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test panics on failure")]

use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};
use shared_kernel::routing::Consumption;
use shared_kernel::{EventType, Queue};
use std::path::{Path, PathBuf};

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The workers that publish an event.
const fn publishers(event_type: EventType) -> &'static [&'static str] {
    match event_type {
        EventType::TrainingSetRecorded
        | EventType::WorkoutCompleted
        | EventType::WorkoutDeleted
        | EventType::VolumeUpdated
        | EventType::ImportSliceStored
        | EventType::TrainingWeekEnded
        | EventType::MailFellDue => &["api"],
        EventType::AggregationUpdated
        | EventType::VolumeThresholdReached
        | EventType::WorkoutChanged => &["aggregation"],
        EventType::TrainingPatternDetected => &["ai"],
        EventType::NotificationRequested => &["aggregation", "ai", "webhook"],
        EventType::WebhookDeliveryRequested => &["api", "webhook"],
    }
}

/// The worker that consumes a queue.
const fn consumer(queue: Queue) -> &'static str {
    match queue {
        Queue::VolumeAggregation => "aggregation",
        Queue::AiAnalysis => "ai",
        Queue::WebhookNotification => "webhook",
    }
}

fn events_of(queue: Queue) -> impl Iterator<Item = EventType> {
    EventType::ALL.iter().copied().filter(move |event| event.queue() == queue)
}

fn document() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.for_serialize().into_generator();
    let messages: Map<_, _> = EventType::ALL
        .iter()
        .map(|event| (event.name().to_owned(), message(*event, &mut generator)))
        .collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Bulktrack events",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The events between the workers. Each message is one CloudEvents 1.0 event as JSON \
                text. Delivery is at least once and in any order: the id is derived from the cause, so that \
                a repeat has the same id.",
        },
        "defaultContentType": "application/json",
        "channels": Queue::ALL.map(|queue| (queue.name(), channel(queue))).into_iter().collect::<Value>(),
        "operations": operations(),
        "components": { "messages": messages, "schemas": generator.take_definitions(true) },
    })
}

fn channel(queue: Queue) -> Value {
    let Consumption { batch_size_max, batch_wait_s_max, concurrency_max: _, retry } =
        queue.consumption();
    let delays: Vec<_> = (1..).map_while(|attempt| retry.delay_after(attempt)).collect();
    let messages: Map<_, _> = events_of(queue)
        .map(|event| {
            let reference = format!("#/components/messages/{}", event.name());
            (event.name().to_owned(), json!({ "$ref": reference }))
        })
        .collect();
    json!({
        "address": queue.name(),
        "description": format!(
            "Batches of at most {batch_size_max} messages, or of {batch_wait_s_max} s. A failed message is \
             retried after {delays:?} s, and then sent to {}.",
            queue.dead_letter_name()
        ),
        "messages": messages,
    })
}

/// One operation for each worker and queue: to receive, and to send.
fn operations() -> Value {
    let mut operations = Map::new();
    let mut add = |worker: &str, action: &str, queue: Queue, events: Vec<EventType>| {
        let channel = format!("#/channels/{}", queue.name());
        let messages: Vec<_> = events
            .iter()
            .map(|event| json!({ "$ref": format!("{channel}/messages/{}", event.name()) }))
            .collect();
        if messages.is_empty() {
            return;
        }
        let operation = json!({
            "action": action,
            "title": format!("{worker}: {action} {}", queue.name()),
            "channel": { "$ref": channel },
            "messages": messages,
        });
        operations.insert(format!("{worker}-{action}-{}", queue.name()), operation);
    };
    for queue in Queue::ALL {
        add(consumer(queue), "receive", queue, events_of(queue).collect());
        for worker in ["api", "aggregation", "ai", "webhook"] {
            let sent = events_of(queue).filter(|event| publishers(*event).contains(&worker));
            add(worker, "send", queue, sent.collect());
        }
    }
    Value::Object(operations)
}

fn message(event: EventType, generator: &mut SchemaGenerator) -> Value {
    let wire_name = event.wire_name();
    let golden = format!("crates/shared-kernel/golden/{}.v1.json", event.name());
    let example: Value =
        serde_json::from_str(&std::fs::read_to_string(repository(&golden)).unwrap()).unwrap();
    let data = event.payload_schema(generator);
    let reference = data.get("$ref").and_then(Value::as_str).unwrap();
    let definition = generator.definitions()[reference.rsplit('/').next().unwrap()].clone();
    json!({
        "name": wire_name,
        "title": event.name(),
        "summary": definition["description"],
        "contentType": "application/cloudevents+json",
        "payload": envelope(wire_name, data.as_value()),
        "examples": [{ "payload": example }],
    })
}

/// The schema of the envelope.
fn envelope(wire_name: &str, data: &Value) -> Value {
    let sources =
        ["api", "aggregation", "ai", "webhook"].map(|worker| format!("/bulktrack/{worker}"));
    let uuid = json!({ "type": "string", "format": "uuid" });
    let describe = |schema: &Value, description: &str| {
        let mut schema = schema.clone();
        schema["description"] = json!(description);
        schema
    };
    json!({
        "type": "object",
        "required": [
            "specversion", "id", "source", "type", "subject", "time", "datacontenttype",
            "partitionkey", "traceparent", "correlationid", "data",
        ],
        "properties": {
            "specversion": { "const": "1.0" },
            "id": describe(&uuid, "Equal in every repeat of the event."),
            "source": { "type": "string", "enum": sources },
            "type": { "const": wire_name },
            "subject": { "type": "string", "description": "A path, such as workouts/<id>." },
            "time": { "type": "string", "format": "date-time" },
            "datacontenttype": { "const": "application/json" },
            "partitionkey": describe(&uuid, "The id of the athlete."),
            "traceparent": {
                "type": "string",
                "description": "W3C trace context.",
                "pattern": "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
            },
            "correlationid": {
                "type": "string",
                "description": "Equal in all events that follow from one change.",
            },
            "causationid": describe(&uuid, "The event that this one follows from."),
            "data": data,
        },
    })
}

#[test]
fn asyncapi_document_is_generated_from_the_events() {
    let generated = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    let path = repository("docs/reference/asyncapi.json");
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == generated, "asyncapi.json differs; UPDATE_REFERENCE=1 writes it");
}

#[test]
fn each_publisher_names_its_events() {
    for event in EventType::ALL {
        let mut snake = String::new();
        for c in event.name().chars() {
            if c.is_uppercase() && !snake.is_empty() {
                snake.push('_');
            }
            snake.push(c.to_ascii_lowercase());
        }
        for worker in publishers(*event) {
            let text = sources_of(&repository(&format!("workers/{worker}/src")));
            let is_named = text.contains(event.name()) || text.contains(&snake);
            assert!(is_named, "{worker} does not name {event:?}");
        }
    }
}

fn sources_of(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &sources_of(&path);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text += &std::fs::read_to_string(path).unwrap();
        }
    }
    text
}

/// Returns every `$ref` of a value.
fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| match (name.as_str(), value) {
                ("$ref", Value::String(reference)) => vec![reference.clone()],
                (_, value) => references(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn references_of_the_asyncapi_document_resolve() {
    let document = document();
    let references = references(&document);
    assert!(references.len() > 50);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

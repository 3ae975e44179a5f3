//! Holds `wrangler/*.jsonc` to the routing table: every number, every name, and that each queue has
//! exactly one consumer and every binding that its users need.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test panics on failure")]

use serde_json::{Value, json};
use shared_kernel::Queue;
use shared_kernel::routing::Consumption;
use std::collections::BTreeSet;

const WORKERS: [&str; 4] = ["api", "aggregation", "ai", "webhook"];

fn config(worker: &str) -> Value {
    let path = format!("{}/../../wrangler/{worker}.jsonc", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap();
    jsonc_parser::parse_to_serde_value(&text, &jsonc_parser::ParseOptions::default()).unwrap()
}

fn list(config: &Value, field: &str) -> Vec<Value> {
    config["queues"][field].as_array().cloned().unwrap_or_default()
}

/// The worker that consumes a queue.
const fn consumer_of(queue: Queue) -> &'static str {
    match queue {
        Queue::VolumeAggregation => "aggregation",
        Queue::AiAnalysis => "ai",
        Queue::WebhookNotification => "webhook",
    }
}

/// The queues to which a worker sends events.
fn sends(worker: &str) -> &'static [Queue] {
    match worker {
        "api" => &Queue::ALL,
        "aggregation" => &[Queue::AiAnalysis, Queue::WebhookNotification],
        "ai" => &[Queue::WebhookNotification],
        _ => &[],
    }
}

fn consumer(name: &str, consumption: Consumption, dead_letter_queue: Option<&str>) -> Value {
    let mut consumer = json!({
        "queue": name,
        "max_batch_size": consumption.batch_size_max,
        "max_batch_timeout": consumption.batch_wait_s_max,
        "max_retries": consumption.retry.retries_max,
    });
    if let Some(queue) = dead_letter_queue {
        consumer["dead_letter_queue"] = json!(queue);
    }
    consumer
}

#[test]
fn each_consumer_is_configured_as_the_table_says() {
    for worker in WORKERS {
        let expected: Vec<_> = Queue::ALL
            .into_iter()
            .filter(|queue| consumer_of(*queue) == worker)
            .flat_map(|queue| {
                let letters = queue.dead_letter_name();
                [
                    consumer(queue.name(), queue.consumption(), Some(letters)),
                    consumer(letters, queue.dead_letter_consumption(), None),
                ]
            })
            .collect();
        assert_eq!(list(&config(worker), "consumers"), expected, "wrangler/{worker}.jsonc");
    }
}

#[test]
fn each_producer_has_the_binding_that_the_table_says() {
    for worker in WORKERS {
        let binding = |binding: &str, queue: &str| format!("{binding} -> {queue}");
        let events = sends(worker).iter().map(|queue| binding(queue.binding(), queue.name()));
        let letters = Queue::ALL
            .into_iter()
            .filter(|queue| consumer_of(*queue) == worker)
            .map(|queue| binding(queue.dead_letter_binding(), queue.dead_letter_name()));
        let expected: BTreeSet<_> = events.chain(letters).collect();
        let found: BTreeSet<_> = list(&config(worker), "producers")
            .iter()
            .map(|p| binding(p["binding"].as_str().unwrap(), p["queue"].as_str().unwrap()))
            .collect();
        assert_eq!(found, expected, "wrangler/{worker}.jsonc");
    }
}

#[test]
fn all_four_workers_share_one_database() {
    let databases: BTreeSet<_> =
        WORKERS.iter().map(|worker| config(worker)["d1_databases"].to_string()).collect();
    assert_eq!(databases.len(), 1, "{databases:?}");
}

//! Compares `wrangler/*.jsonc` with the routing table: queues, consumers, bindings and numbers. A
//! wrangler environment inherits no binding, so the tests check each environment as well.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test panics on failure")]

use serde_json::{Value, json};
use shared_kernel::Queue;
use shared_kernel::routing::{Consumption, DEAD_LETTER_RETENTION_S};
use std::collections::BTreeSet;

const WORKERS: [&str; 4] = ["api", "aggregation", "ai", "webhook"];

fn read_config(worker: &str) -> Value {
    let path = format!("{}/../../wrangler/{worker}.jsonc", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap();
    jsonc_parser::parse_to_serde_value(&text, &jsonc_parser::ParseOptions::default()).unwrap()
}

/// Returns the configuration of a worker and of each of its environments, with their names.
fn read_configs(worker: &str) -> Vec<(String, Value)> {
    let config = read_config(worker);
    let environments = config["env"].as_object().cloned().unwrap_or_default();
    let environments = environments
        .into_iter()
        .map(|(name, environment)| (format!("{name} of wrangler/{worker}.jsonc"), environment));
    [(format!("wrangler/{worker}.jsonc"), config)].into_iter().chain(environments).collect()
}

fn queue_entries(config: &Value, field: &str) -> Vec<Value> {
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
fn queues_sent_to(worker: &str) -> &'static [Queue] {
    match worker {
        "api" => &Queue::ALL,
        "aggregation" => &[Queue::AiAnalysis, Queue::WebhookNotification],
        "ai" | "webhook" => &[Queue::WebhookNotification],
        _ => &[],
    }
}

/// Returns the wrangler configuration of a consumer.
fn expected_consumer(
    name: &str,
    consumption: Consumption,
    dead_letter_queue: Option<&str>,
) -> Value {
    let mut consumer = json!({
        "queue": name,
        "max_batch_size": consumption.batch_size_max,
        "max_batch_timeout": consumption.batch_wait_s_max,
        "max_retries": consumption.retry.retries_max,
        "max_concurrency": consumption.concurrency_max,
    });
    if let Some(queue) = dead_letter_queue {
        consumer["dead_letter_queue"] = json!(queue);
    }
    consumer
}

#[test]
fn consumers_match_the_routing_table() {
    for worker in WORKERS {
        let expected: Vec<_> = Queue::ALL
            .into_iter()
            .filter(|queue| consumer_of(*queue) == worker)
            .flat_map(|queue| {
                let dead_letter_queue = queue.dead_letter_name();
                [
                    expected_consumer(queue.name(), queue.consumption(), Some(dead_letter_queue)),
                    expected_consumer(dead_letter_queue, queue.dead_letter_consumption(), None),
                ]
            })
            .collect();
        for (place, config) in read_configs(worker) {
            assert_eq!(queue_entries(&config, "consumers"), expected, "{place}");
        }
    }
}

/// A queue that is created without a retention keeps its messages for four days.
#[test]
fn read_me_creates_dead_letter_queues_with_their_retention() {
    let path = format!("{}/../../README.md", env!("CARGO_MANIFEST_DIR"));
    let retention = format!("--message-retention-period-secs {DEAD_LETTER_RETENTION_S}");
    let command = format!("wrangler queues create $queue-dlq {retention}\n");
    assert!(std::fs::read_to_string(path).unwrap().contains(&command), "{command}");
}

#[test]
fn producer_bindings_match_the_routing_table() {
    for worker in WORKERS {
        let binding = |binding: &str, queue: &str| format!("{binding} -> {queue}");
        let event_bindings =
            queues_sent_to(worker).iter().map(|queue| binding(queue.binding(), queue.name()));
        let dead_letter_bindings = Queue::ALL
            .into_iter()
            .filter(|queue| consumer_of(*queue) == worker)
            .map(|queue| binding(queue.dead_letter_binding(), queue.dead_letter_name()));
        let expected: BTreeSet<_> = event_bindings.chain(dead_letter_bindings).collect();
        for (place, config) in read_configs(worker) {
            let actual: BTreeSet<_> = queue_entries(&config, "producers")
                .iter()
                .map(|p| binding(p["binding"].as_str().unwrap(), p["queue"].as_str().unwrap()))
                .collect();
            assert_eq!(actual, expected, "{place}");
        }
    }
}

#[test]
fn environments_keep_the_name_of_their_worker() {
    for worker in WORKERS {
        for (place, config) in read_configs(worker) {
            assert_eq!(config["name"], format!("bulktrack-{worker}"), "{place}");
        }
    }
}

/// Without an account, a local wrangler does not start with an AI binding.
#[test]
fn only_the_production_environment_of_ai_has_a_model_binding() {
    for worker in WORKERS {
        for (place, config) in read_configs(worker) {
            let expected = place == "production of wrangler/ai.jsonc";
            assert_eq!(config["ai"]["binding"] == "AI", expected, "{place}");
            assert_eq!(config["vars"]["AI_MODEL"].is_string(), expected, "{place}");
        }
    }
}

/// Only the api checks the operator token. The webhook worker opens the values that the api seals.
#[test]
fn each_worker_requires_only_its_own_secrets() {
    for worker in WORKERS {
        let expected = match worker {
            "api" => json!(["OPERATOR_TOKEN", "SEALING_KEY"]),
            "webhook" => json!(["SEALING_KEY"]),
            _ => Value::Null,
        };
        for (place, config) in read_configs(worker) {
            assert_eq!(config["secrets"]["required"], expected, "{place}");
        }
    }
}

/// An environment inherits these settings, and may replace them.
#[test]
fn only_the_api_has_an_address_and_cpu_is_limited() {
    for worker in WORKERS {
        let top = read_config(worker);
        let cpu_ms = match worker {
            "api" => 10_000,
            "aggregation" => 30_000,
            _ => 5_000,
        };
        for (place, config) in read_configs(worker) {
            let setting = |name: &str| config.get(name).unwrap_or(&top[name]).clone();
            assert_eq!(setting("workers_dev"), json!(worker == "api"), "{place}");
            assert_eq!(setting("preview_urls"), json!(false), "{place}");
            assert_eq!(setting("limits"), json!({ "cpu_ms": cpu_ms }), "{place}");
            assert_eq!(setting("observability")["enabled"], json!(true), "{place}");
        }
    }
}

/// A deployed worker must not send webhooks to loopback addresses.
#[test]
fn workers_that_check_webhook_addresses_deploy_as_public() {
    for worker in ["api", "webhook"] {
        for (place, config) in read_configs(worker) {
            assert_eq!(config["vars"]["ENVIRONMENT"], "public", "{place}");
        }
    }
}

/// With a default, the emails of one operator would link to the deployment of another.
#[test]
fn public_url_is_empty_until_an_operator_sets_it() {
    for worker in ["api", "webhook"] {
        for (place, config) in read_configs(worker) {
            assert_eq!(config["vars"]["PUBLIC_URL"], "", "{place}");
        }
    }
}

#[test]
fn consumers_acknowledge_batches_before_background_tasks_finish() {
    for queue in Queue::ALL {
        let config = read_config(consumer_of(queue));
        let flags = config["compatibility_flags"].as_array().unwrap();
        let flag = json!("queue_consumer_no_wait_for_wait_until");
        assert!(
            flags.contains(&flag),
            "{queue:?}: a batch would wait for the flush of its metrics"
        );
    }
}

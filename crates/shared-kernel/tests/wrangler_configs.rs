//! Holds `wrangler/*.jsonc` to the routing table: every number, every name, and that each queue has
//! exactly one consumer and every binding that its users need. An environment inherits no binding:
//! each is held to the same.
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

/// What there is of a worker: its configuration, and each of its environments.
fn configs(worker: &str) -> Vec<(String, Value)> {
    let config = config(worker);
    let environments = config["env"].as_object().cloned().unwrap_or_default();
    let environments = environments
        .into_iter()
        .map(|(name, environment)| (format!("{name} of wrangler/{worker}.jsonc"), environment));
    [(format!("wrangler/{worker}.jsonc"), config)].into_iter().chain(environments).collect()
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
        "ai" | "webhook" => &[Queue::WebhookNotification],
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
        for (place, config) in configs(worker) {
            assert_eq!(list(&config, "consumers"), expected, "{place}");
        }
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
        for (place, config) in configs(worker) {
            let found: BTreeSet<_> = list(&config, "producers")
                .iter()
                .map(|p| binding(p["binding"].as_str().unwrap(), p["queue"].as_str().unwrap()))
                .collect();
            assert_eq!(found, expected, "{place}");
        }
    }
}

#[test]
fn all_four_workers_share_one_database() {
    let databases: BTreeSet<_> = WORKERS
        .iter()
        .flat_map(|worker| configs(worker))
        .map(|(_, config)| config["d1_databases"].to_string())
        .collect();
    assert_eq!(databases.len(), 1, "{databases:?}");
}

#[test]
fn an_environment_is_the_same_worker() {
    for worker in WORKERS {
        for (place, config) in configs(worker) {
            assert_eq!(config["name"], format!("bulktrack-{worker}"), "{place}");
        }
    }
}

/// A local run has no account to ask a model with: wrangler would not start.
#[test]
fn only_the_production_environment_of_ai_has_a_model() {
    for worker in WORKERS {
        for (place, config) in configs(worker) {
            let expected = place == "production of wrangler/ai.jsonc";
            assert_eq!(config["ai"]["binding"] == "AI", expected, "{place}");
            assert_eq!(config["vars"]["AI_MODEL"].is_string(), expected, "{place}");
        }
    }
}

/// The operators' secret is the api's alone; webhook opens what the api seals.
#[test]
fn each_worker_is_given_the_secrets_that_it_needs_and_no_other() {
    for worker in WORKERS {
        let expected = match worker {
            "api" => json!(["OPERATOR_TOKEN", "SEALING_KEY"]),
            "webhook" => json!(["SEALING_KEY"]),
            _ => Value::Null,
        };
        for (place, config) in configs(worker) {
            assert_eq!(config["secrets"]["required"], expected, "{place}");
        }
    }
}

/// What is deployed may not be sent to loopback.
#[test]
fn what_checks_the_addresses_of_webhooks_is_deployed_as_public() {
    for worker in ["api", "webhook"] {
        for (place, config) in configs(worker) {
            assert_eq!(config["vars"]["ENVIRONMENT"], "public", "{place}");
        }
    }
}

/// Links in mails of one operator may not lead to another's house.
#[test]
fn links_in_mails_lead_nowhere_until_an_operator_says_where() {
    for (place, config) in configs("webhook") {
        assert_eq!(config["vars"]["PUBLIC_URL"], "", "{place}");
    }
}

#[test]
fn a_consumer_settles_its_batch_before_what_goes_on_behind_it() {
    for queue in Queue::ALL {
        let config = config(consumer_of(queue));
        let flags = config["compatibility_flags"].as_array().unwrap();
        let flag = json!("queue_consumer_no_wait_for_wait_until");
        assert!(flags.contains(&flag), "{queue:?}: a batch would wait for its counts to be stored");
    }
}

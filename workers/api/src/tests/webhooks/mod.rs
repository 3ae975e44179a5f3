//! Outgoing webhooks: endpoints, signing keys, deliveries.

use super::*;
use shared_kernel::payload::WebhookDeliveryRequested;

mod deliveries;
mod endpoints;
mod replay;
mod signing_keys;

const URL: &str = "https://hooks.example/bulktrack?token=1";
const UNKNOWN_ID: &str = "01a20785-0b62-7169-a234-e1edb5d47d8e";

/// Creates an endpoint and returns its path and the response body.
fn create_endpoint(api: &TestApi, key: &str, more: &Value) -> (String, Value) {
    let mut body = json!({ "url": URL });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let response = api.post(key, "/v1/webhooks", &body);
    assert_eq!(response.status, 201, "{}", response.body);
    (response.location().to_owned(), response.body)
}

/// The published delivery requests since the last call.
fn take_delivery_requests(api: &TestApi) -> Vec<WebhookDeliveryRequested> {
    let events = api.sink.take_events();
    let data = |event: Event| match event.data {
        EventData::WebhookDeliveryRequested(data) => data,
        other => panic!("not a delivery request: {other:?}"),
    };
    events.into_iter().map(data).collect()
}

/// Stores a delivery of an endpoint as the webhook worker does, and returns its path.
fn store_delivery(api: &TestApi, path: &str, n: u32, row: &str) -> String {
    let endpoint = path.rsplit('/').next().unwrap();
    let id = format!("019b0000-0000-7000-8000-{n:012}");
    api.database.execute(&format!(
        "INSERT INTO webhook_deliveries (athlete_id, endpoint_id, delivery_id, event_id, \
         event_type, body, traceparent, status, created_at_ms, attempt, due_at_ms, attempts) \
         SELECT athlete_id, endpoint_id, '{id}', '{id}', 'record.set', '{{\"n\":{n}}}', '', {row} \
         FROM webhook_endpoints WHERE endpoint_id = '{endpoint}'"
    ));
    format!("{path}/deliveries/{id}")
}

/// 2026-11-23T12:00:00Z, the time of the test clock.
const NOW_MS: i64 = 1_795_435_200_000;
const FAILED: &str = "'failed', 1795435200000, 10, 1795435200000, '[{\"at_ms\":1795435100000,\
    \"outcome\":\"failed\",\"status\":500,\"error\":null,\"duration_ms\":42,\"answer\":\"oops\"}]'";

fn items(response: &TestResponse) -> &Vec<Value> {
    response.body["items"].as_array().unwrap_or_else(|| panic!("{}", response.body))
}

fn counts(api: &TestApi, key: &str, path: &str) -> [i64; 3] {
    let counts = api.get(key, path).body["counts"].clone();
    ["waiting", "delivered", "failed"].map(|name| counts[name].as_i64().unwrap())
}

/// The pointers as owned strings, to compare with `error_pointers`.
fn owned(pointers: &[&str]) -> Vec<String> {
    pointers.iter().map(|pointer| (*pointer).to_owned()).collect()
}

//! Webhook endpoints and their deliveries: the request models with their validation, and the responses.

use crate::checks::{Checks, FieldCode, Validate};
use crate::page::Limit;
use crate::values::{Instant, ReadOnly, Timestamp, non_null, nullable};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared_kernel::{EventId, WebhookEventType};
use standard_webhooks::url::URL_BYTES_MAX;
use standard_webhooks::{Environment, check_url};
use training::limits::TEXT_CHARS_MAX;
use uuid::Uuid;

/// The version of the payloads.
const VERSION: i64 = 1;

/// A new endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = example())]
pub struct NewEndpoint {
    /// https, with a public host name; no credentials and no fragment. The port is 443, or at least 1024 and none
    /// of the bad ports of the Fetch standard. A local stack also accepts http and loopback addresses.
    #[schemars(length(max = URL_BYTES_MAX), regex(pattern = "^https?://"))]
    pub url: String,
    #[serde(default)]
    #[schemars(length(max = TEXT_CHARS_MAX))]
    pub description: String,
    /// The types of events that it receives; empty is all. It always receives `test`.
    #[serde(default)]
    #[schemars(schema_with = "selectable_types")]
    pub event_types: Vec<String>,
    #[serde(default)]
    pub payload: PayloadForm,
    /// The version of the payloads.
    #[serde(default = "version")]
    #[schemars(range(min = 1, max = 1))]
    pub version: i64,
    #[serde(default)]
    pub signature: SignatureKind,
}

fn example() -> Value {
    serde_json::json!({
        "url": "https://hooks.example/bulktrack",
        "description": "coach",
        "event_types": ["workout.completed", "record.set"],
    })
}

const fn version() -> i64 {
    VERSION
}

impl Validate for NewEndpoint {
    fn validate(&self, checks: &mut Checks) {
        check_settings(checks, Some(&self.url), Some(&self.description), Some(self.version));
        check_event_types(checks, &self.event_types);
    }
}

/// A change of an endpoint. Absent fields stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = example_change())]
pub struct EndpointChange {
    #[serde(default, skip_serializing)]
    pub id: ReadOnly,
    #[serde(default, skip_serializing)]
    pub signature: ReadOnly,
    #[serde(default, skip_serializing)]
    pub status: ReadOnly,
    #[serde(default, skip_serializing)]
    pub disabled_reason: ReadOnly,
    #[serde(default, skip_serializing)]
    pub created_at: ReadOnly,
    #[serde(default, skip_serializing)]
    pub failing_since: ReadOnly,
    #[serde(default, skip_serializing)]
    pub counts: ReadOnly,
    /// With the rules of a new endpoint. Another URL ends the count of failures.
    #[serde(default, deserialize_with = "non_null", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = URL_BYTES_MAX), regex(pattern = "^https?://"))]
    pub url: Option<String>,
    /// Null removes it.
    #[serde(default, with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", length(max = TEXT_CHARS_MAX))]
    pub description: Option<Option<String>>,
    #[serde(default, deserialize_with = "non_null", skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "selectable_types")]
    pub event_types: Option<Vec<String>>,
    #[serde(default, deserialize_with = "non_null", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "PayloadForm")]
    pub payload: Option<PayloadForm>,
    #[serde(default, deserialize_with = "non_null", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i64", range(min = 1, max = 1))]
    pub version: Option<i64>,
    /// False fails the waiting deliveries and accepts no new ones; true ends the count of failures.
    #[serde(default, deserialize_with = "non_null", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub enabled: Option<bool>,
}

fn example_change() -> Value {
    serde_json::json!({ "event_types": [], "payload": "thin", "enabled": true })
}

impl Validate for EndpointChange {
    fn validate(&self, checks: &mut Checks) {
        let description = self.description.as_ref().and_then(Option::as_deref);
        check_settings(checks, self.url.as_deref(), description, self.version);
        check_event_types(checks, self.event_types.as_deref().unwrap_or_default());
    }
}

fn check_settings(
    checks: &mut Checks,
    url: Option<&str>,
    description: Option<&str>,
    version: Option<i64>,
) {
    // The strictest check depends on the deployment: the api makes it.
    if let Some(Err(error)) = url.map(|url| check_url(url, Environment::Local)) {
        checks.reject("url", FieldCode::InvalidValue, error.to_string());
    }
    checks.text("description", description, TEXT_CHARS_MAX);
    checks.range("version", version, &(VERSION..=VERSION));
}

/// The list is bounded before its items are read.
fn check_event_types(checks: &mut Checks, event_types: &[String]) {
    if !checks.length("event_types", event_types.len(), WebhookEventType::SELECTABLE.len()) {
        return;
    }
    let names = WebhookEventType::SELECTABLE.map(WebhookEventType::as_str).join(", ");
    checks.enter("event_types", |checks| {
        for (index, name) in event_types.iter().enumerate() {
            if WebhookEventType::parse_selectable(name).is_none() {
                let detail = format!("must be one of {names}");
                checks.reject(&index.to_string(), FieldCode::InvalidValue, detail);
            }
        }
    });
    checks.unique("event_types", event_types);
}

fn selectable_types(_: &mut SchemaGenerator) -> Schema {
    let names = WebhookEventType::SELECTABLE.map(WebhookEventType::as_str);
    json_schema!({
        "type": "array",
        "items": { "type": "string", "enum": names },
        "maxItems": names.len(),
        "uniqueItems": true,
    })
}

/// The amount of data in a payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PayloadForm {
    /// All data; a payload of 20,000 bytes or more is sent thin.
    #[default]
    Full,
    /// Ids only.
    Thin,
}

impl PayloadForm {
    /// Returns the stored and wire name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Thin => "thin",
        }
    }
}

/// The kind of signature, by its Standard Webhooks name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignatureKind {
    /// HMAC-SHA256 with a shared secret.
    #[default]
    V1,
    /// ed25519: the receiver has the public key.
    V1a,
}

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "WebhookEndpoint")]
pub struct Endpoint {
    pub id: Uuid,
    pub url: String,
    pub description: String,
    /// Empty is all.
    #[schemars(schema_with = "selectable_types")]
    pub event_types: Vec<String>,
    pub payload: PayloadForm,
    pub version: i64,
    pub signature: SignatureKind,
    pub status: EndpointStatus,
    /// `gone`, `failing`, `forbidden` or `by its owner`; null while it is enabled.
    pub disabled_reason: Option<String>,
    pub created_at: Instant,
    /// The first failure since the last success.
    pub failing_since: Option<Instant>,
    pub counts: DeliveryCounts,
}

/// Whether an endpoint receives deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndpointStatus {
    Enabled,
    Disabled,
}

/// The deliveries in an endpoint's log, by status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryCounts {
    pub waiting: i64,
    pub delivered: i64,
    pub failed: i64,
}

/// A new endpoint with its secret, which no other response shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CreatedWebhookEndpoint")]
pub struct CreatedEndpoint {
    #[serde(flatten)]
    pub endpoint: Endpoint,
    /// Verifies signatures: `whsec_…`, or `whpk_…` for `v1a`.
    pub secret: String,
}

/// A new secret, which no other response shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RotatedSecret {
    pub secret: String,
    /// Until then both secrets sign.
    pub old_secret_expires_at: Instant,
}

/// A delivery that is due now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DueDelivery {
    pub delivery_id: Uuid,
}

/// The query of an endpoint's log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliveryFilter {
    pub status: Option<DeliveryStatus>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
    #[serde(default)]
    pub limit: Limit,
}

/// The state of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// Its next attempt is due or in flight.
    Waiting,
    Delivered,
    /// It has exhausted its attempts, or its endpoint was disabled.
    Failed,
}

/// An event addressed to an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Delivery {
    pub id: Uuid,
    /// The header `webhook-id` of each attempt.
    pub webhook_id: String,
    pub event_id: EventId,
    pub event_type: WebhookEventType,
    pub status: DeliveryStatus,
    pub created_at: Instant,
    /// Attempts of its schedule so far.
    pub attempt: i64,
    /// While it waits.
    pub next_attempt_at: Option<Instant>,
    /// The last attempt. It is recorded after the receiver's response, some seconds later when many wait.
    pub last: Option<Attempt>,
}

/// An attempt of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "DeliveryAttempt")]
pub struct Attempt {
    pub at: Instant,
    /// `delivered`, `failed`, `throttled`, `gone`, `forbidden`, `not_sent`, or `disabled` when the endpoint
    /// was disabled.
    pub outcome: String,
    /// The status of the receiver's response.
    pub status: Option<u16>,
    pub error: Option<String>,
    pub duration_ms: i64,
}

/// An attempt with the receiver's response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LoggedDeliveryAttempt")]
pub struct LoggedAttempt {
    #[serde(flatten)]
    pub attempt: Attempt,
    /// The first 2 KB of the response's body.
    #[serde(rename = "answer")]
    pub response_body: Option<String>,
}

/// A delivery with its body and attempts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryDetail {
    #[serde(flatten)]
    pub delivery: Delivery,
    /// The body as it is signed.
    pub body: String,
    /// The last ones, the oldest first.
    pub attempts: Vec<LoggedAttempt>,
}

/// A request to retry deliveries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = example_since())]
pub struct RetryDeliveries {
    /// Only deliveries stored since this time.
    pub since: Timestamp,
    /// Only counts them.
    #[serde(default)]
    pub dry_run: bool,
}

fn example_since() -> Value {
    serde_json::json!({ "since": "2026-11-23T00:00:00Z", "dry_run": true })
}

impl Validate for RetryDeliveries {}

/// The number of retried deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RetriedDeliveries {
    /// Deliveries that failed, or wait for a retry that is not due within a minute: the oldest 1,000. With
    /// more, repeat the request.
    pub matched: i64,
    /// 0 in a dry run.
    pub retried: i64,
}

/// A request to replay what an endpoint has missed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = example_since())]
pub struct ReplayDeliveries {
    /// Only workouts changed and notifications created since this time.
    pub since: Timestamp,
    /// Only counts what is missing.
    #[serde(default)]
    pub dry_run: bool,
    /// The `next_cursor` of the response before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl Validate for ReplayDeliveries {}

/// One page of a replay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReplayedDeliveries {
    /// Events of this page that the endpoint has not received and that do not wait for it.
    pub matched: i64,
    /// Deliveries of this page that are due now; 0 in a dry run.
    pub replayed: i64,
    /// Repeat the request with it until it is null.
    pub next_cursor: Option<String>,
}

/// A type of event that endpoints receive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventTypeInfo {
    #[serde(rename = "type")]
    pub event_type: WebhookEventType,
    pub description: String,
    /// The JSON Schema 2020-12 of the body.
    pub schema: Value,
    /// A full body.
    pub example: Value,
}

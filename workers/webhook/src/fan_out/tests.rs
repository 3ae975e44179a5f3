//! The deliveries of a notification, and their payloads.

use super::*;
use serde_json::{Map, Value, json};
use shared_kernel::payload::{NotificationRequested, PatternKind};
use shared_kernel::{AthleteId, Event, EventId, NotificationKind};
use standard_webhooks::PayloadFormat;
use storage::webhooks::EndpointKey;
use testkit::athlete_id;
use uuid::Uuid;

fn event(data: Map<String, Value>) -> Event {
    let requested = NotificationRequested {
        athlete_id: athlete_id(1),
        kind: "new_record".to_owned(),
        title: String::new(),
        body: String::new(),
        date: None,
        data,
    };
    Event {
        id: EventId(Uuid::from_u128(7)),
        source: "/test".to_owned(),
        subject: "test".to_owned(),
        time: "2026-11-23T11:59:58.250Z".parse().unwrap(),
        trace: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().unwrap(),
        correlation_id: "test".to_owned(),
        causation_id: None,
        data: requested.into(),
    }
}

fn notification(
    event: &Event,
    kind: NotificationKind,
    data: Map<String, Value>,
) -> Notification<'_> {
    Notification {
        event,
        athlete_id: athlete_id(1),
        kind,
        title: "2 new records".to_owned(),
        body: "Well done.".to_owned(),
        data,
        confidence: None,
    }
}

fn target(athlete_id: AthleteId, event_types: &[&str], form: PayloadFormat) -> Target {
    Target {
        key: EndpointKey { athlete_id, endpoint_id: Uuid::from_u128(3) },
        event_types: event_types.iter().map(|event_type| (*event_type).to_owned()).collect(),
        form: form.as_str().to_owned(),
        version: 1,
    }
}

fn check_subscribed(kind: NotificationKind, event_types: &[&str], subscribed: bool) {
    let event = event(Map::new());
    let targets = [target(athlete_id(1), event_types, PayloadFormat::Full)];
    let deliveries =
        notification_deliveries(&notification(&event, kind, Map::new()), &targets).unwrap();
    assert_eq!(!deliveries.is_empty(), subscribed, "{kind:?} {event_types:?}");
}

#[test]
fn endpoint_gets_its_event_types_or_all_without_a_filter() {
    let pattern = NotificationKind::Pattern(PatternKind::Plateau);
    check_subscribed(pattern, &[], true);
    check_subscribed(pattern, &["pattern.detected"], true);
    check_subscribed(pattern, &["record.set", "pattern.detected"], true);
    check_subscribed(pattern, &["record.set"], false);
    check_subscribed(pattern, &["pattern"], false);
    check_subscribed(NotificationKind::NewRecord, &["record.set"], true);
}

#[test]
fn endpoint_of_another_athlete_gets_nothing() {
    let event = event(Map::new());
    let targets = [target(athlete_id(2), &[], PayloadFormat::Full)];
    let notification = notification(&event, NotificationKind::NewRecord, Map::new());
    assert_eq!(notification_deliveries(&notification, &targets).unwrap(), []);
}

fn body(kind: NotificationKind, data: Value, form: PayloadFormat) -> String {
    let Value::Object(data) = data else { panic!("{data}") };
    let event = event(data.clone());
    let targets = [target(athlete_id(1), &[], form)];
    notification_deliveries(&notification(&event, kind, data), &targets).unwrap().remove(0).body
}

#[test]
fn full_payload_has_everything_and_thin_payload_a_reference() {
    let data = json!({ "records": [{ "exercise": "deadlift" }] });
    assert_eq!(
        body(NotificationKind::NewRecord, data.clone(), PayloadFormat::Full),
        r#"{"type":"record.set","timestamp":"2026-11-23T11:59:58.250Z","data":{"athlete_id":"01900000-0000-7000-8000-000000000001","body":"Well done.","details":{"records":[{"exercise":"deadlift"}]},"kind":"new_record","notification_id":"00000000-0000-0000-0000-000000000007","resource":"/v1/records","title":"2 new records"}}"#
    );
    assert_eq!(
        body(NotificationKind::NewRecord, data, PayloadFormat::Thin),
        r#"{"type":"record.set","timestamp":"2026-11-23T11:59:58.250Z","data":{"athlete_id":"01900000-0000-7000-8000-000000000001","kind":"new_record","notification_id":"00000000-0000-0000-0000-000000000007","resource":"/v1/records"}}"#
    );
}

#[test]
fn payload_that_is_too_long_becomes_thin() {
    let long = json!({ "records": "x".repeat(20_000) });
    let thin = body(NotificationKind::NewRecord, long, PayloadFormat::Full);
    assert!(thin.len() < 1_000 && thin.contains(r#""resource":"/v1/records""#), "{thin}");
}

#[test]
fn each_kind_refers_to_a_resource_of_the_api() {
    let check = |kind, data, resource: &str| {
        let body: Value = serde_json::from_str(&body(kind, data, PayloadFormat::Thin)).unwrap();
        assert_eq!(body["data"]["resource"], resource);
    };
    check(NotificationKind::Pattern(PatternKind::Plateau), json!({}), "/v1/patterns");
    check(NotificationKind::PatternEnded, json!({}), "/v1/patterns");
    check(
        NotificationKind::WeeklyReport,
        json!({ "week_start": "2026-11-16" }),
        "/v1/reports/weekly?week=2026-11-16",
    );
    check(NotificationKind::ImportFinished, json!({ "import_id": "i1" }), "/v1/imports/i1");
    check(NotificationKind::WebhookDisabled, json!({ "endpoint_id": "e1" }), "/v1/webhooks/e1");
}

#[test]
fn same_notification_gives_the_same_delivery() {
    let event = event(Map::new());
    let targets = [target(athlete_id(1), &[], PayloadFormat::Full)];
    let notification = notification(&event, NotificationKind::NewRecord, Map::new());
    let first = notification_deliveries(&notification, &targets).unwrap();
    assert_eq!(first, notification_deliveries(&notification, &targets).unwrap());
    assert_eq!(first[0].event_id, event.id);
}

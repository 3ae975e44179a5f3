//! Deliveries to webhook endpoints.

use super::*;
use shared_kernel::EventId;
use shared_kernel::payload::WebhookDeliveryRequested;
use storage::webhooks::DueDelivery;
use storage::webhooks::deliveries;

#[test]
fn each_subscribed_endpoint_receives_the_notification() {
    let fixture = Fixture::new();
    fixture.create_endpoint(1, "[]");
    fixture.create_endpoint(2, r#"["report.weekly"]"#);
    fixture.create_endpoint(3, r#"["pattern.detected"]"#);
    assert_eq!(
        fixture.consume(&[notification("weekly_report", "Your week")]),
        [MessageResult::Ack]
    );
    assert_eq!(fixture.consume_published(), 2);
    let mut urls: Vec<_> =
        fixture.receivers.take().into_iter().map(|request| request.url).collect();
    urls.sort();
    assert_eq!(urls, ["https://r1.example/hook", "https://r2.example/hook"]);
}

#[test]
fn duplicate_or_reordered_events_create_one_delivery() {
    let fixture = Fixture::new();
    fixture.create_endpoint(1, "[]");
    let (report, record) =
        (notification("weekly_report", "Your week"), notification("new_record", "A record"));
    fixture.consume(&[report.clone(), record.clone(), report.clone()]);
    fixture.consume(&[record.clone(), report.clone()]);
    assert_eq!(fixture.consume_published(), 2);
    fixture.consume(&[record, report]);
    assert_eq!(fixture.consume_published(), 0);
    assert_eq!(fixture.receivers.take().len(), 2);
}

#[test]
fn republished_event_is_the_same_delivery() {
    let fixture = Fixture::new();
    fixture.create_endpoint(1, "[]");
    let first = notification("new_record", "A record");
    let body = first.body.replace("T11:59:58", "T11:59:59");
    assert_ne!(body, first.body);
    fixture.consume(&[first.clone(), RawMessage { body: body.clone(), ..first.clone() }]);
    assert_eq!(fixture.consume_published(), 1);
    fixture.consume(&[RawMessage { body, ..first }]);
    assert_eq!(fixture.consume_published(), 0);
    assert_eq!(fixture.receivers.take().len(), 1);
}

#[test]
fn disabled_webhook_channel_prevents_the_delivery() {
    let fixture = Fixture::new();
    fixture.create_endpoint(1, "[]");
    fixture.database.execute(
        r#"UPDATE athletes SET channels = '{"weekly_report":{"webhook":false},"new_record":{"in_app":false}}'"#,
    );
    fixture.consume(&[
        notification("weekly_report", "Your week"),
        notification("new_record", "A record"),
    ]);
    let kinds = fixture.database.query("SELECT kind FROM notifications");
    assert_eq!(kinds, [r#"{"kind":"weekly_report"}"#]);
    let types = fixture.database.query("SELECT event_type FROM webhook_deliveries");
    assert_eq!(types, [r#"{"event_type":"record.set"}"#]);
}

#[test]
fn crash_at_any_await_loses_no_delivery() {
    for fault in [DatabaseFault::BeforeCommit, DatabaseFault::AfterCommit] {
        for passing in 0..3 {
            let fixture = Fixture::new();
            fixture.create_endpoint(1, "[]");
            fixture.database.fail_after(passing, fault);
            for attempts in 1..=3 {
                fixture
                    .consume(&[RawMessage { attempts, ..notification("new_record", "A record") }]);
            }
            fixture.consume_published();
            // The sweep publishes the rest.
            let now_ms = NOON_MS + 2 * MINUTE_MS;
            fixture.clock.advance_ms(2 * MINUTE_MS);
            let due = testkit::run(deliveries::overdue(
                fixture.shards.for_athlete(athlete_id(1)),
                now_ms,
                9,
            ))
            .unwrap();
            for DueDelivery { key: EndpointKey { athlete_id, endpoint_id }, event_id, .. } in due {
                let data =
                    WebhookDeliveryRequested { athlete_id, endpoint_id, event_id, attempt: 1 };
                fixture.consume(&[message(data)]);
                fixture.later.run();
            }
            let status = fixture.database.query("SELECT status FROM webhook_deliveries");
            assert_eq!(status, [r#"{"status":"delivered"}"#], "{fault:?} after {passing}");
            assert_eq!(fixture.database.query("SELECT kind FROM notifications").len(), 1);
        }
    }
}

#[test]
fn deleted_endpoint_is_ignored() {
    let fixture = Fixture::new();
    let data = WebhookDeliveryRequested {
        athlete_id: athlete_id(1),
        endpoint_id: Uuid::nil(),
        event_id: EventId(Uuid::nil()),
        attempt: 1,
    };
    assert_eq!(fixture.consume(&[message(data)]), [MessageResult::Ack]);
    assert_eq!(fixture.later.run(), 0);
}

#[test]
fn endpoints_with_one_url_receive_different_ids() {
    let fixture = Fixture::new();
    fixture.create_endpoint(1, "[]");
    fixture.create_endpoint(2, "[]");
    fixture.database.execute("UPDATE webhook_endpoints SET url = 'https://one.example/hook'");
    fixture.consume(&[notification("new_record", "A record")]);
    fixture.consume_published();
    let id = |request: &platform::HttpRequest| {
        let header = request.headers.iter().find(|(name, _)| *name == "webhook-id");
        header.map(|(_, id)| id.clone()).unwrap()
    };
    let ids: Vec<_> = fixture.receivers.take().iter().map(id).collect();
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1]);
    assert!(ids.iter().all(|id| id.len() == 36 && id.starts_with("msg_")), "{ids:?}");
}

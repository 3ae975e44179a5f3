//! Dead letters whose cause was an outage, which the sweep redrives.

use super::dead_letters::{ALL, dead_letter, event_text};
use super::*;
use platform::sink::Destination;
use shared_kernel::{DeadLetter, Queue};

const MINUTE_MS: i64 = 60_000;

/// Stores the failure of an event of a queue, because of an outage.
fn store(api: &TestApi, queue: Queue, body: String) {
    let queue = queue.name().to_owned();
    let failure = DeadLetter { queue, is_transient: true, ..dead_letter(api, body) };
    run(storage::dead_letters::store(api.app.shards.operators(), &[failure])).unwrap();
}

#[test]
fn sweep_redrives_a_dead_letter_once_its_time_has_come() {
    let api = TestApi::new();
    store(&api, Queue::AiAnalysis, event_text(1));
    let list = api.get(OPERATOR, &format!("{ALL}&status=waiting")).body;
    assert_eq!(list["items"][0]["next_redrive_at"], "2026-11-23T12:01:00.000Z");
    let pipeline = api.get(OPERATOR, "/v1/admin/pipeline").body;
    let queue = &pipeline["dead_letters"][0];
    assert_eq!((&queue["open"], &queue["waiting"]), (&json!(0), &json!(1)));
    api.clock.advance_ms(MINUTE_MS - 1);
    run(api.app.sweep());
    assert!(api.sink.take_events().is_empty());
    api.clock.advance_ms(1);
    run(api.app.sweep());
    assert_eq!(api.sink.take_events()[0].encode().unwrap(), event_text(1));
    let item = &api.get(OPERATOR, ALL).body["items"][0];
    assert_eq!((&item["status"], &item["redrives"]), (&json!("redriven"), &json!(0)));
    assert_eq!(item["next_redrive_at"], Value::Null);
    let path = format!("/v1/admin/dead-letters/{}", item["id"].as_str().unwrap());
    let history = api.get(OPERATOR, &path).body["history"].clone();
    assert_eq!(
        (&history[1]["what"], &history[1]["operator"]),
        (&json!("redrive"), &json!("sweep"))
    );
    // It fails once more, and waits longer.
    store(&api, Queue::AiAnalysis, event_text(1));
    let item = &api.get(OPERATOR, ALL).body["items"][0];
    assert_eq!(item["next_redrive_at"], "2026-11-23T12:06:00.000Z");
}

#[test]
fn backlog_is_redriven_1000_a_minute() {
    let api = TestApi::new();
    (1..=1_001).for_each(|n| store(&api, Queue::AiAnalysis, event_text(n)));
    api.clock.advance_ms(MINUTE_MS);
    run(api.app.sweep());
    let to = Destination::Events(Queue::AiAnalysis);
    let expected: Vec<_> = (0..40).map(|step| (to, step % 4 * 15, 25)).collect();
    assert_eq!(api.sink.take_sends(), expected);
    assert_eq!((api.dead_letter_count("redriven"), api.dead_letter_count("waiting")), (1_000, 1));
}

#[test]
fn rejecting_queue_does_not_stop_the_redrives_of_others() {
    let api = TestApi::new();
    store(&api, Queue::AiAnalysis, event_text(1));
    store(&api, Queue::WebhookNotification, event_text(2));
    api.clock.advance_ms(MINUTE_MS);
    api.sink.fail_next(3);
    run(api.app.sweep());
    let to = Destination::Events(Queue::WebhookNotification);
    assert_eq!(api.sink.take_sends(), [(to, 0, 1)]);
    api.clock.advance_ms(5 * MINUTE_MS - 1);
    run(api.app.sweep());
    assert_eq!(api.sink.take_sends(), []);
    api.clock.advance_ms(1);
    run(api.app.sweep());
    assert_eq!(api.sink.take_sends().len(), 1);
    assert_eq!(api.dead_letter_count("redriven"), 2);
}

#[test]
fn unavailable_operators_database_delays_redrives() {
    let api = TestApi::new();
    store(&api, Queue::AiAnalysis, event_text(1));
    api.clock.advance_ms(MINUTE_MS);
    api.database.operations.fail_next(&[DatabaseFault::BeforeCommit]);
    run(api.app.sweep());
    assert_eq!(api.dead_letter_count("waiting"), 1);
    // After the send, the result of the sweep's last statement is lost.
    api.database.operations.fail_after(1, DatabaseFault::AfterCommit);
    run(api.app.sweep());
    assert_eq!((api.sink.take_events().len(), api.dead_letter_count("redriven")), (1, 1));
}

//! Redriving, editing and discarding dead letters.

use super::*;
use platform::sink::Destination;
use shared_kernel::{DeadLetter, EventId, Queue};
use uuid::Uuid;

const REDRIVE: &str = "/v1/admin/dead-letters/redrive";
const DISCARD: &str = "/v1/admin/dead-letters/discard";
pub const ALL: &str = "/v1/admin/dead-letters?limit=100";

/// The text of an event with this id.
pub fn event_text(n: u128) -> String {
    let golden = include_str!("../../../../crates/shared-kernel/golden/AggregationUpdated.v1.json");
    let mut event = Event::decode(golden).unwrap();
    event.id = EventId(Uuid::from_u128(n));
    event.encode().unwrap()
}

pub fn dead_letter(api: &TestApi, body: String) -> DeadLetter {
    DeadLetter {
        queue: "ai-analysis".to_owned(),
        message_id: format!("{body} at {}", api.app.clock.now_ms()),
        reason: "database: unavailable".to_owned(),
        attempts: 4,
        failed_at_ms: api.app.clock.now_ms(),
        is_transient: false,
        body,
    }
}

/// Stores a dead letter for each event number.
fn store_dead_letters(api: &TestApi, numbers: std::ops::Range<u128>) {
    let dead_letters: Vec<_> = numbers.map(|n| dead_letter(api, event_text(n))).collect();
    let database = api.app.shards.operators();
    run(storage::dead_letters::store(database, &dead_letters)).unwrap();
}

impl TestApi {
    fn redrive(&self, body: &Value) -> Value {
        let response = self.post(OPERATOR, REDRIVE, body);
        assert_eq!(response.status, 200, "{}", response.body);
        response.body
    }

    /// The count of dead letters with this status.
    pub fn dead_letter_count(&self, status: &str) -> u64 {
        let list = self.get(OPERATOR, &format!("{ALL}&status={status}"));
        list.body["total"].as_u64().unwrap()
    }

    fn only_dead_letter(&self) -> Value {
        let list = self.get(OPERATOR, ALL).body;
        let path = format!("/v1/admin/dead-letters/{}", list["items"][0]["id"].as_str().unwrap());
        self.get(OPERATOR, &path).body
    }
}

fn counts(response: &Value) -> (&Value, &Value, &Value) {
    (&response["matched"], &response["redriven"], &response["held_back"])
}

#[test]
fn redrive_of_500_at_10_per_second_takes_50_seconds() {
    let api = TestApi::new();
    store_dead_letters(&api, 1..501);
    let request = json!({ "filter": { "queue": "ai-analysis" }, "limit": 500, "rate_per_s": 10 });
    let mut dry = request.clone();
    dry["dry_run"] = json!(true);
    assert_eq!(counts(&api.redrive(&dry)), (&json!(500), &json!(0), &json!(0)));
    assert!(api.sink.take_events().is_empty());
    assert_eq!(api.get(OPERATOR, "/v1/admin/actions").body["items"], json!([]));
    assert_eq!(counts(&api.redrive(&request)), (&json!(500), &json!(500), &json!(0)));
    let sends = api.sink.take_sends();
    let to = Destination::Events(Queue::AiAnalysis);
    let expected: Vec<_> = (0..50).map(|delay_s| (to, delay_s, 10)).collect();
    assert_eq!(sends, expected);
    assert_eq!(api.sink.take_events().len(), 500);
    assert_eq!((api.dead_letter_count("open"), api.dead_letter_count("redriven")), (0, 500));
    assert_eq!(counts(&api.redrive(&request)), (&json!(0), &json!(0), &json!(0)));
    assert!(api.sink.take_events().is_empty(), "none of them is open any more");
}

#[test]
fn limited_redrive_sends_the_oldest_with_unchanged_body() {
    let api = TestApi::new();
    store_dead_letters(&api, 1..2);
    api.clock.advance_ms(1);
    store_dead_letters(&api, 2..4);
    let response = api.redrive(&json!({ "filter": {}, "limit": 1 }));
    assert_eq!(counts(&response), (&json!(3), &json!(1), &json!(0)));
    let events = api.sink.take_events();
    assert_eq!(events[0].encode().unwrap(), event_text(1));
}

#[test]
fn actions_record_operator_name_or_token_fingerprint() {
    let api = TestApi::new();
    store_dead_letters(&api, 1..3);
    let request = json!({ "filter": { "type": "bulktrack.AggregationUpdated.v1" }, "limit": 1 });
    let named = [("x-operator", " Ann ")];
    assert_eq!(api.call_with(OPERATOR, "POST", REDRIVE, Some(&request), &named).status, 200);
    api.clock.advance_ms(1);
    let discard = json!({ "filter": {}, "note": "a drill" });
    let response = api.post(OPERATOR, DISCARD, &discard);
    assert_eq!((&response.body["matched"], &response.body["discarded"]), (&json!(1), &json!(1)));
    let actions = api.get(OPERATOR, "/v1/admin/actions?limit=1").body;
    let token = format!("token {}", &crate::auth::sha256(OPERATOR.as_bytes())[..8]);
    let item = &actions["items"][0];
    assert_eq!((&item["operator"], &item["action"]), (&json!(token), &json!("discard")));
    assert_eq!((&item["note"], &item["affected"]), (&json!("a drill"), &json!(1)));
    let path = format!("/v1/admin/actions?cursor={}", actions["next_cursor"].as_str().unwrap());
    let actions = api.get(OPERATOR, &path).body;
    let item = &actions["items"][0];
    assert_eq!((&item["operator"], &item["action"]), (&json!("Ann"), &json!("redrive")));
    assert_eq!(item["selection"]["event_type"], "bulktrack.AggregationUpdated.v1");
    assert_eq!(actions["next_cursor"], Value::Null);
    for name in ["", &"x".repeat(81), "\u{e9}"] {
        let given = [("x-operator", name)];
        let response = api.call_with(OPERATOR, "POST", REDRIVE, Some(&request), &given);
        assert_eq!(response.status, 400, "{name:?}");
    }
}

#[test]
fn dead_letter_shows_its_trace_and_history() {
    let api = TestApi::new();
    store_dead_letters(&api, 1..2);
    api.clock.advance_ms(1);
    api.redrive(&json!({ "filter": {}, "note": "the database is back" }));
    api.clock.advance_ms(1);
    store_dead_letters(&api, 1..2);
    let one = api.only_dead_letter();
    assert_eq!((&one["status"], &one["redrives"]), (&json!("open"), &json!(1)));
    assert_eq!(one["body"], json!(event_text(1)));
    assert_eq!(one["trace_id"].as_str().unwrap().len(), 32);
    let history = one["history"].as_array().unwrap();
    let kinds: Vec<_> = history.iter().map(|entry| entry["what"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["failed", "redrive", "failed"]);
    assert_eq!(history[1]["note"], "the database is back");
    assert_eq!(history[1]["at"], "2026-11-23T12:00:00.001Z");
}

#[test]
fn repeated_redrive_continues_after_a_rejected_send() {
    let api = TestApi::new();
    store_dead_letters(&api, 1..6);
    let request = json!({ "filter": {}, "rate_per_s": 2 });
    // The first step is accepted, the second is rejected in all its attempts.
    api.sink.fail_after(1, 3);
    assert_eq!(api.post(OPERATOR, REDRIVE, &request).status, 503);
    assert_eq!(api.sink.take_events().len(), 2);
    assert_eq!((api.dead_letter_count("open"), api.dead_letter_count("redriven")), (3, 2));
    let redrives = api.database.query("SELECT redrives FROM dead_letters WHERE status = 'open'");
    assert_eq!(redrives, [r#"{"redrives":0}"#; 3]);
    assert_eq!(counts(&api.redrive(&request)), (&json!(3), &json!(3), &json!(0)));
    assert_eq!(api.sink.take_events().len(), 3);
}

#[test]
fn crash_during_a_redrive_loses_no_dead_letter() {
    for round_trips in 0..2 {
        for fault in [DatabaseFault::BeforeCommit, DatabaseFault::AfterCommit] {
            let api = TestApi::new();
            store_dead_letters(&api, 1..4);
            api.database.fail_after(round_trips, fault);
            let request = json!({ "filter": {} });
            assert_eq!(api.post(OPERATOR, REDRIVE, &request).status, 503);
            api.clock.advance_ms(60_000);
            api.redrive(&request);
            assert!(api.sink.take_events().len() >= 3, "{round_trips} {fault:?}");
            assert_eq!(api.dead_letter_count("redriven"), 3, "{round_trips} {fault:?}");
        }
    }
}

#[test]
fn concurrent_redrives_send_no_dead_letter_twice() {
    let api = TestApi::new();
    store_dead_letters(&api, 1..3);
    // A concurrent call has claimed one of them just before.
    api.database.fail_next(&[DatabaseFault::Interleaved(
        "UPDATE dead_letters SET claim_id = 'another', claimed_until_ms = 9e15 \
         WHERE event_id LIKE '%0001'",
    )]);
    let response = api.redrive(&json!({ "filter": {} }));
    assert_eq!(counts(&response), (&json!(1), &json!(1), &json!(0)));
    assert_eq!(api.sink.take_events().len(), 1);
}

#[test]
fn dead_letter_is_held_back_after_three_redrives_unless_forced() {
    let api = TestApi::new();
    for _ in 0..4 {
        store_dead_letters(&api, 1..2);
        api.redrive(&json!({ "filter": {} }));
        api.clock.advance_ms(1);
    }
    assert_eq!(api.sink.take_events().len(), 3);
    let held = api.redrive(&json!({ "filter": {} }));
    assert_eq!(counts(&held), (&json!(0), &json!(0), &json!(1)));
    let id = api.only_dead_letter()["id"].clone();
    let path = format!("/v1/admin/dead-letters/{}/redrive", id.as_str().unwrap());
    assert_eq!(api.post(OPERATOR, &path, &json!({})).status, 409);
    assert_eq!(api.post(OPERATOR, &path, &json!({ "force": true })).status, 200);
    assert_eq!(api.sink.take_events().len(), 1);
    let forced = api.redrive(&json!({ "ids": [id], "force": true }));
    assert_eq!(counts(&forced), (&json!(1), &json!(1), &json!(0)), "redriven or not");
}

#[test]
fn edited_redrive_sends_the_edit_and_keeps_the_original() {
    let api = TestApi::new();
    let broken = event_text(1).replace("1.0", "0.3");
    let dead_letters = [dead_letter(&api, broken.clone())];
    run(storage::dead_letters::store(api.app.shards.operators(), &dead_letters)).unwrap();
    let id = api.only_dead_letter()["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/admin/dead-letters/{id}/redrive");
    for invalid in [json!("garbage"), json!({}), json!(event_text(2))] {
        let response = api.post(OPERATOR, &path, &json!({ "body": invalid }));
        assert_eq!((response.status, response.error_pointers()), (422, vec!["/body".to_owned()]));
    }
    assert_eq!(api.dead_letter_count("open"), 1);
    let response = api.post(OPERATOR, &path, &json!({ "body": event_text(1), "note": "fixed" }));
    assert_eq!(response.status, 200, "{}", response.body);
    assert_eq!(api.sink.take_events()[0].encode().unwrap(), event_text(1));
    let one = api.only_dead_letter();
    assert_eq!((&one["body"], &one["edited_body"]), (&json!(broken), &json!(event_text(1))));
    assert_eq!(one["history"][1]["what"], "edit");
    let unknown = format!("/v1/admin/dead-letters/{}/redrive", Uuid::nil());
    assert_eq!(api.post(OPERATOR, &unknown, &json!({})).status, 404);
}

#[test]
fn unsendable_dead_letter_does_not_block_others() {
    let api = TestApi::new();
    store_dead_letters(&api, 1..3);
    let dead_letters = [dead_letter(&api, "x".repeat(127_950))];
    run(storage::dead_letters::store(api.app.shards.operators(), &dead_letters)).unwrap();
    let response = api.redrive(&json!({ "filter": {} }));
    assert_eq!((&response["redriven"], &response["unsendable"]), (&json!(2), &json!(1)));
    assert_eq!(api.dead_letter_count("open"), 1);
}

#[test]
fn invalid_redrive_is_rejected_by_field_and_changes_nothing() {
    let api = TestApi::new();
    store_dead_letters(&api, 1..2);
    let check = |path: &str, body: Value, pointers: &[&str]| {
        let response = api.post(OPERATOR, path, &body);
        assert_eq!(response.status, 422, "{body}");
        assert_eq!(response.error_pointers(), pointers, "{body}");
    };
    let id = Uuid::nil();
    check(REDRIVE, json!({}), &[""]);
    check(REDRIVE, json!({ "ids": [id], "filter": {} }), &[""]);
    check(REDRIVE, json!({ "ids": ["x"] }), &["/ids/0"]);
    check(REDRIVE, json!({ "ids": vec![id; 1_001] }), &["/ids"]);
    check(REDRIVE, json!({ "filter": { "queu": "x" } }), &["/filter/queu"]);
    check(REDRIVE, json!({ "filter": { "status": "x" } }), &["/filter/status"]);
    check(REDRIVE, json!({ "filter": { "since": "today" } }), &["/filter/since"]);
    check(REDRIVE, json!({ "filter": {}, "force": true }), &["/force"]);
    check(REDRIVE, json!({ "filter": {}, "limit": 0 }), &["/limit"]);
    check(REDRIVE, json!({ "filter": {}, "limit": 1_001 }), &["/limit"]);
    check(REDRIVE, json!({ "filter": {}, "rate_per_s": 0 }), &["/rate_per_s"]);
    check(REDRIVE, json!({ "filter": {}, "dry_run": 1 }), &["/dry_run"]);
    check(REDRIVE, json!({ "filter": {}, "dry_run": null }), &["/dry_run"]);
    check(DISCARD, json!({ "filter": {}, "note": "x", "dry_run": null }), &["/dry_run"]);
    check(DISCARD, json!({ "filter": {} }), &["/note"]);
    check(DISCARD, json!({ "filter": {}, "note": " " }), &["/note"]);
    check(DISCARD, json!({ "filter": {}, "note": "x", "rate_per_s": 1 }), &["/rate_per_s"]);
    assert_eq!(api.dead_letter_count("open"), 1);
    for query in ["status=x", "since=today", "until=1", "type=", "tpye=a", "limit=1"] {
        let path = format!("/v1/admin/dead-letters/groups?{query}");
        assert_eq!(api.get(OPERATOR, &path).status, 400, "{query}");
    }
}

#[test]
fn messages_that_are_no_event_have_the_type_none() {
    let api = TestApi::new();
    store_dead_letters(&api, 1..3);
    let garbage = dead_letter(&api, "garbage {".to_owned());
    run(storage::dead_letters::store(api.app.shards.operators(), &[garbage])).unwrap();
    let listed = api.get(OPERATOR, &format!("{ALL}&type=none")).body;
    assert_eq!((&listed["total"], &listed["items"][0]["event_type"]), (&json!(1), &json!(null)));
    let request = json!({ "filter": { "type": "none" } });
    assert_eq!(counts(&api.redrive(&request)), (&json!(1), &json!(1), &json!(0)));
}

#[test]
fn listed_group_can_be_redriven_by_its_fields() {
    let api = TestApi::new();
    store_dead_letters(&api, 1..3);
    let bad =
        DeadLetter { reason: "week 12 is bad".to_owned(), ..dead_letter(&api, event_text(3)) };
    run(storage::dead_letters::store(api.app.shards.operators(), &[bad])).unwrap();
    let groups = api.get(OPERATOR, "/v1/admin/dead-letters/groups").body;
    assert_eq!(groups["items"].as_array().unwrap().len(), 2);
    let group = &groups["items"][1];
    assert_eq!((&group["reason_group"], &group["count"]), (&json!("week # is bad"), &json!(1)));
    let filter = json!({
        "queue": group["queue"], "type": group["event_type"], "reason_group": group["reason_group"],
    });
    api.redrive(&json!({ "filter": filter }));
    assert_eq!(api.sink.take_events()[0].encode().unwrap(), event_text(3));
    let redriven = api.get(OPERATOR, "/v1/admin/dead-letters/groups?status=redriven").body;
    assert_eq!(redriven["items"][0]["count"], 1);
}

#[test]
fn sweep_deletes_dead_letters_after_30_days() {
    let api = TestApi::new();
    store_dead_letters(&api, 1..3);
    api.clock.advance_ms(30 * 86_400_000);
    run(api.app.sweep());
    assert_eq!(api.dead_letter_count("open"), 2);
    api.clock.advance_ms(1);
    run(api.app.sweep());
    assert_eq!(api.dead_letter_count("open"), 0);
}

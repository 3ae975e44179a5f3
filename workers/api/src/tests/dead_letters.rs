//! What operators do with dead letters.

use super::*;
use platform::sink::Destination;
use shared_kernel::{DeadLetter, EventId, Queue};
use uuid::Uuid;

const REDRIVE: &str = "/v1/admin/dead-letters/redrive";
const DISCARD: &str = "/v1/admin/dead-letters/discard";
const ALL: &str = "/v1/admin/dead-letters?limit=100";

/// An event of its own, as its text.
fn event(n: u128) -> String {
    let golden = include_str!("../../../../crates/shared-kernel/golden/AggregationUpdated.v1.json");
    let mut event = Event::decode(golden).unwrap();
    event.id = EventId(Uuid::from_u128(n));
    event.encode().unwrap()
}

fn letter(house: &House, body: String) -> DeadLetter {
    DeadLetter {
        queue: "ai-analysis".to_owned(),
        message_id: body.clone(),
        reason: "database: away".to_owned(),
        attempts: 4,
        failed_at_ms: house.app.clock.now_ms(),
        body,
    }
}

/// Events that were given up now, one for each number.
fn given_up(house: &House, numbers: std::ops::Range<u128>) {
    let letters: Vec<_> = numbers.map(|n| letter(house, event(n))).collect();
    let database = house.app.shards.operators();
    run(storage::dead_letters::store(database, &letters)).unwrap();
}

impl House {
    fn redrive(&self, body: &Value) -> Value {
        let answer = self.post(OPERATOR, REDRIVE, body);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    /// How many dead letters there are in a status.
    fn letters(&self, status: &str) -> u64 {
        let list = self.get(OPERATOR, &format!("{ALL}&status={status}"));
        list.body["total"].as_u64().unwrap()
    }

    fn only_letter(&self) -> Value {
        let list = self.get(OPERATOR, ALL).body;
        let path = format!("/v1/admin/dead-letters/{}", list["items"][0]["id"].as_str().unwrap());
        self.get(OPERATOR, &path).body
    }
}

fn counts(answer: &Value) -> (&Value, &Value, &Value) {
    (&answer["matched"], &answer["redriven"], &answer["held_back"])
}

#[test]
fn five_hundred_letters_go_at_ten_a_second_over_fifty_seconds() {
    let house = House::new();
    given_up(&house, 1..501);
    let order = json!({ "filter": { "queue": "ai-analysis" }, "limit": 500, "rate_per_s": 10 });
    let mut dry = order.clone();
    dry["dry_run"] = json!(true);
    assert_eq!(counts(&house.redrive(&dry)), (&json!(500), &json!(0), &json!(0)));
    assert!(house.sink.take_events().is_empty());
    assert_eq!(house.get(OPERATOR, "/v1/admin/actions").body["items"], json!([]));
    assert_eq!(counts(&house.redrive(&order)), (&json!(500), &json!(500), &json!(0)));
    let sends = house.sink.take_sends();
    let to = Destination::Events(Queue::AiAnalysis);
    let expected: Vec<_> = (0..50).map(|delay_s| (to, delay_s, 10)).collect();
    assert_eq!(sends, expected);
    assert_eq!(house.sink.take_events().len(), 500);
    assert_eq!((house.letters("open"), house.letters("redriven")), (0, 500));
    assert_eq!(counts(&house.redrive(&order)), (&json!(0), &json!(0), &json!(0)));
    assert!(house.sink.take_events().is_empty(), "a repeat finds none of them open");
}

#[test]
fn a_limit_takes_the_oldest_and_what_it_sends_is_the_body_as_it_came() {
    let house = House::new();
    given_up(&house, 1..2);
    house.clock.advance_ms(1);
    given_up(&house, 2..4);
    let answer = house.redrive(&json!({ "filter": {}, "limit": 1 }));
    assert_eq!(counts(&answer), (&json!(3), &json!(1), &json!(0)));
    let events = house.sink.take_events();
    assert_eq!(events[0].encode().unwrap(), event(1));
}

#[test]
fn who_did_what_is_recorded_under_the_name_that_was_given_or_the_tokens_fingerprint() {
    let house = House::new();
    given_up(&house, 1..3);
    let order = json!({ "filter": { "type": "bulktrack.AggregationUpdated.v1" }, "limit": 1 });
    let named = [("x-operator", " Ann ")];
    assert_eq!(house.call_with(OPERATOR, "POST", REDRIVE, Some(&order), &named).status, 200);
    house.clock.advance_ms(1);
    let discard = json!({ "filter": {}, "note": "a drill" });
    let answer = house.post(OPERATOR, DISCARD, &discard);
    assert_eq!((&answer.body["matched"], &answer.body["discarded"]), (&json!(1), &json!(1)));
    let actions = house.get(OPERATOR, "/v1/admin/actions?limit=1").body;
    let token = format!("token {}", &crate::auth::sha256(OPERATOR.as_bytes())[..8]);
    let item = &actions["items"][0];
    assert_eq!((&item["operator"], &item["action"]), (&json!(token), &json!("discard")));
    assert_eq!((&item["note"], &item["affected"]), (&json!("a drill"), &json!(1)));
    let path = format!("/v1/admin/actions?cursor={}", actions["next_cursor"].as_str().unwrap());
    let actions = house.get(OPERATOR, &path).body;
    let item = &actions["items"][0];
    assert_eq!((&item["operator"], &item["action"]), (&json!("Ann"), &json!("redrive")));
    assert_eq!(item["selection"]["event_type"], "bulktrack.AggregationUpdated.v1");
    assert_eq!(actions["next_cursor"], Value::Null);
    for name in ["", &"x".repeat(81), "\u{e9}"] {
        let given = [("x-operator", name)];
        let answer = house.call_with(OPERATOR, "POST", REDRIVE, Some(&order), &given);
        assert_eq!(answer.status, 400, "{name:?}");
    }
}

#[test]
fn one_letter_shows_its_trace_and_all_that_happened_to_it() {
    let house = House::new();
    given_up(&house, 1..2);
    house.clock.advance_ms(1);
    house.redrive(&json!({ "filter": {}, "note": "the database is back" }));
    house.clock.advance_ms(1);
    given_up(&house, 1..2);
    let one = house.only_letter();
    assert_eq!((&one["status"], &one["redrives"]), (&json!("open"), &json!(1)));
    assert_eq!(one["body"], json!(event(1)));
    assert_eq!(one["trace_id"].as_str().unwrap().len(), 32);
    let history = one["history"].as_array().unwrap();
    let whats: Vec<_> = history.iter().map(|entry| entry["what"].as_str().unwrap()).collect();
    assert_eq!(whats, ["failed", "redrive", "failed"]);
    assert_eq!(history[1]["note"], "the database is back");
    assert_eq!(history[1]["at"], "2026-11-23T12:00:00.001Z");
}

#[test]
fn a_queue_that_refuses_costs_no_letter_and_the_repetition_goes_on_where_it_ended() {
    let house = House::new();
    given_up(&house, 1..6);
    let order = json!({ "filter": {}, "rate_per_s": 2 });
    // The first step passes, the second is refused in all its tries.
    house.sink.refuse_after(1, 3);
    assert_eq!(house.post(OPERATOR, REDRIVE, &order).status, 503);
    assert_eq!(house.sink.take_events().len(), 2);
    assert_eq!((house.letters("open"), house.letters("redriven")), (3, 2));
    let redrives = house.database.query("SELECT redrives FROM dead_letters WHERE status = 'open'");
    assert_eq!(redrives, [r#"{"redrives":0}"#; 3]);
    assert_eq!(counts(&house.redrive(&order)), (&json!(3), &json!(3), &json!(0)));
    assert_eq!(house.sink.take_events().len(), 3);
}

#[test]
fn a_crash_anywhere_in_a_redrive_loses_no_letter() {
    for round_trips in 0..2 {
        for fault in [Fault::BeforeCommit, Fault::AfterCommit] {
            let house = House::new();
            given_up(&house, 1..4);
            house.database.fail_after(round_trips, fault);
            let order = json!({ "filter": {} });
            assert_eq!(house.post(OPERATOR, REDRIVE, &order).status, 503);
            house.clock.advance_ms(60_000);
            house.redrive(&order);
            assert!(house.sink.take_events().len() >= 3, "{round_trips} {fault:?}");
            assert_eq!(house.letters("redriven"), 3, "{round_trips} {fault:?}");
        }
    }
}

#[test]
fn two_operators_at_once_send_no_letter_twice() {
    let house = House::new();
    given_up(&house, 1..3);
    // Another has claimed one of them just before.
    house.database.fail_next(&[Fault::Overtaken(
        "UPDATE dead_letters SET claim_id = 'another', claimed_until_ms = 9e15, \
         redriven_at_ms = 0 WHERE event_id LIKE '%0001'",
    )]);
    let answer = house.redrive(&json!({ "filter": {} }));
    assert_eq!(counts(&answer), (&json!(1), &json!(1), &json!(0)));
    assert_eq!(house.sink.take_events().len(), 1);
}

#[test]
fn what_always_comes_back_is_held_back_after_three_redrives_until_it_is_forced() {
    let house = House::new();
    for _ in 0..4 {
        given_up(&house, 1..2);
        house.redrive(&json!({ "filter": {} }));
        house.clock.advance_ms(1);
    }
    assert_eq!(house.sink.take_events().len(), 3);
    let held = house.redrive(&json!({ "filter": {} }));
    assert_eq!(counts(&held), (&json!(0), &json!(0), &json!(1)));
    let id = house.only_letter()["id"].clone();
    let path = format!("/v1/admin/dead-letters/{}/redrive", id.as_str().unwrap());
    assert_eq!(house.post(OPERATOR, &path, &json!({})).status, 409);
    assert_eq!(house.post(OPERATOR, &path, &json!({ "force": true })).status, 200);
    assert_eq!(house.sink.take_events().len(), 1);
    let forced = house.redrive(&json!({ "ids": [id], "force": true }));
    assert_eq!(counts(&forced), (&json!(1), &json!(1), &json!(0)), "redriven or not");
}

#[test]
fn an_edited_letter_goes_as_it_was_edited_and_keeps_what_came() {
    let house = House::new();
    let broken = event(1).replace("1.0", "0.3");
    let letters = [letter(&house, broken.clone())];
    run(storage::dead_letters::store(house.app.shards.operators(), &letters)).unwrap();
    let id = house.only_letter()["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/admin/dead-letters/{id}/redrive");
    for refused in [json!("garbage"), json!({}), json!(event(2))] {
        let answer = house.post(OPERATOR, &path, &json!({ "body": refused }));
        assert_eq!((answer.status, answer.pointers()), (422, vec!["/body".to_owned()]));
    }
    assert_eq!(house.letters("open"), 1);
    let answer = house.post(OPERATOR, &path, &json!({ "body": event(1), "note": "mended" }));
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(house.sink.take_events()[0].encode().unwrap(), event(1));
    let one = house.only_letter();
    assert_eq!((&one["body"], &one["edited_body"]), (&json!(broken), &json!(event(1))));
    assert_eq!(one["history"][1]["what"], "edit");
    let nobody = format!("/v1/admin/dead-letters/{}/redrive", Uuid::nil());
    assert_eq!(house.post(OPERATOR, &nobody, &json!({})).status, 404);
}

#[test]
fn a_letter_that_no_queue_can_take_holds_back_no_other() {
    let house = House::new();
    given_up(&house, 1..3);
    let letters = [letter(&house, "x".repeat(127_950))];
    run(storage::dead_letters::store(house.app.shards.operators(), &letters)).unwrap();
    let answer = house.redrive(&json!({ "filter": {} }));
    assert_eq!((&answer["redriven"], &answer["unsendable"]), (&json!(2), &json!(1)));
    assert_eq!(house.letters("open"), 1);
}

#[test]
fn a_bad_order_is_refused_by_its_fields_and_changes_nothing() {
    let house = House::new();
    given_up(&house, 1..2);
    let check = |path: &str, body: Value, pointers: &[&str]| {
        let answer = house.post(OPERATOR, path, &body);
        assert_eq!(answer.status, 422, "{body}");
        assert_eq!(answer.pointers(), pointers, "{body}");
    };
    let id = Uuid::nil();
    check(REDRIVE, json!({}), &[""]);
    check(REDRIVE, json!({ "ids": [id], "filter": {} }), &[""]);
    check(REDRIVE, json!({ "ids": ["x", 1] }), &["/ids/0", "/ids/1"]);
    check(REDRIVE, json!({ "ids": vec![id; 1_001] }), &["/ids"]);
    check(REDRIVE, json!({ "filter": { "queu": "x" } }), &["/filter/queu"]);
    check(REDRIVE, json!({ "filter": { "status": "x" } }), &["/filter/status"]);
    check(REDRIVE, json!({ "filter": { "since": "today" } }), &["/filter/since"]);
    check(REDRIVE, json!({ "filter": {}, "force": true }), &["/force"]);
    check(REDRIVE, json!({ "filter": {}, "limit": 0 }), &["/limit"]);
    check(REDRIVE, json!({ "filter": {}, "limit": 1_001 }), &["/limit"]);
    check(REDRIVE, json!({ "filter": {}, "rate_per_s": 0 }), &["/rate_per_s"]);
    check(REDRIVE, json!({ "filter": {}, "dry_run": 1 }), &["/dry_run"]);
    check(DISCARD, json!({ "filter": {} }), &["/note"]);
    check(DISCARD, json!({ "filter": {}, "note": " " }), &["/note"]);
    check(DISCARD, json!({ "filter": {}, "note": "x", "rate_per_s": 1 }), &["/rate_per_s"]);
    assert_eq!(house.letters("open"), 1);
    for query in ["status=x", "since=today", "until=1"] {
        let path = format!("/v1/admin/dead-letters/groups?{query}");
        assert_eq!(house.get(OPERATOR, &path).status, 422, "{query}");
    }
}

#[test]
fn a_group_is_redriven_as_it_is_listed() {
    let house = House::new();
    given_up(&house, 1..3);
    let bad = DeadLetter { reason: "week 12 is bad".to_owned(), ..letter(&house, event(3)) };
    run(storage::dead_letters::store(house.app.shards.operators(), &[bad])).unwrap();
    let groups = house.get(OPERATOR, "/v1/admin/dead-letters/groups").body;
    assert_eq!(groups["items"].as_array().unwrap().len(), 2);
    let group = &groups["items"][1];
    assert_eq!((&group["reason_group"], &group["count"]), (&json!("week # is bad"), &json!(1)));
    let filter = json!({
        "queue": group["queue"], "type": group["event_type"], "reason_group": group["reason_group"],
    });
    house.redrive(&json!({ "filter": filter }));
    assert_eq!(house.sink.take_events()[0].encode().unwrap(), event(3));
    let redriven = house.get(OPERATOR, "/v1/admin/dead-letters/groups?status=redriven").body;
    assert_eq!(redriven["items"][0]["count"], 1);
}

#[test]
fn the_sweep_deletes_letters_after_thirty_days() {
    let house = House::new();
    given_up(&house, 1..3);
    house.clock.advance_ms(30 * 86_400_000);
    run(house.app.sweep());
    assert_eq!(house.letters("open"), 2);
    house.clock.advance_ms(1);
    run(house.app.sweep());
    assert_eq!(house.letters("open"), 0);
}

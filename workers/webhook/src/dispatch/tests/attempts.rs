//! Requests, responses and the delivery log.

use super::*;
use std::collections::BTreeSet;

#[test]
fn attempt_is_signed_recorded_and_its_endpoint_released() {
    let fixture = Fixture::with_endpoints(1);
    fixture.create_delivery(1, 7);
    fixture.run(&[1]);
    let requests = fixture.receivers.take();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].url, "https://r1.example/hook");
    assert_eq!(requests[0].body, r#"{"n":7}"#);
    assert_eq!(header(&requests[0], "webhook-id"), Some("msg_86cbf2ebd3a05eaca0b2082fae390fc2"));
    assert_eq!(header(&requests[0], "content-type"), Some("application/json"));
    assert_eq!((requests[0].timeout_ms, requests[0].body_bytes_max), (20_000, 2_048));
    assert!(verifies(&requests[0], SECRET, fixture.clock.now().timestamp()));
    assert_eq!(fixture.deliveries(), ["delivered 1"]);
    assert_eq!(fixture.attempts(), ["delivered 204"]);
    assert_eq!(fixture.endpoints(), ["enabled free"]);
    assert_eq!(fixture.published(), [""; 0]);
    fixture.run(&[1]);
    assert_eq!(fixture.receivers.take(), [], "a delivered message is not resent");
}

#[test]
fn both_keys_sign_during_a_rotation() {
    let fixture = Fixture::with_endpoints(1);
    let expires_at_ms = fixture.clock.now_ms() + DAY_MS;
    let (sealed, old) = (seal(1, SECRET), seal(1, OLD_SECRET));
    fixture.database.execute(&format!(
        "UPDATE webhook_endpoints SET signing_keys = '[{{\"sealed\":\"{sealed}\",\
         \"signature\":\"v1\",\"expires_at_ms\":null}},{{\"sealed\":\"{old}\",\"signature\":\"v1\",\"expires_at_ms\":{expires_at_ms}}}]'"
    ));
    let check = |n, old_signs| {
        fixture.create_delivery(1, n);
        fixture.run(&[1]);
        let request = fixture.receivers.take().remove(0);
        let now_s = fixture.clock.now().timestamp();
        assert!(verifies(&request, SECRET, now_s));
        assert_eq!(verifies(&request, OLD_SECRET, now_s), old_signs);
    };
    check(1, true);
    fixture.advance_ms(DAY_MS);
    check(2, false);
}

/// Checks the log entry, the delivery, the endpoint and the published events after a response.
fn check_response(
    response: Result<HttpResponse, HttpError>,
    attempt: &str,
    delivery: &str,
    endpoint: &str,
    published: &[&str],
) {
    let fixture = Fixture::with_endpoints(1);
    fixture.receivers.respond_with(move |_| (0, response.clone()));
    fixture.create_delivery(1, 1);
    fixture.run(&[1]);
    assert_eq!(fixture.attempts(), [attempt]);
    assert_eq!(fixture.deliveries(), [delivery], "{attempt}");
    assert_eq!(fixture.endpoints(), [endpoint], "{attempt}");
    assert_eq!(fixture.published(), published, "{attempt}");
    assert_eq!(fixture.receivers.take().len(), 1);
}

#[test]
fn each_response_is_recorded_and_handled() {
    fn check(response: Result<HttpResponse, HttpError>, attempt: &str) {
        check_response(response, attempt, "waiting 1", "enabled free", &["attempt 2"]);
    }
    for status in [301, 302, 307, 400, 401, 404, 500, 503] {
        check(http_response(status), &format!("failed {status}"));
    }
    check(Err(HttpError::TimedOut), "failed no response within 20 s");
    check(Err(HttpError::Unreachable { reason: "lost".to_owned() }), "failed lost");
    for status in [429, 502, 504] {
        let attempt = format!("throttled {status}");
        check_response(
            http_response(status),
            &attempt,
            "waiting 1",
            "enabled leased",
            &["attempt 2"],
        );
    }
    for status in [200, 201, 204] {
        check_response(
            http_response(status),
            &format!("delivered {status}"),
            "delivered 1",
            "enabled free",
            &[],
        );
    }
    let incomplete = HttpResponse {
        status: 200,
        retry_after: None,
        body: "half".to_owned(),
        body_error: Some("cut off".to_owned()),
    };
    check_response(Ok(incomplete), "delivered 200 cut off", "delivered 1", "enabled free", &[]);
    let gone = ["webhook_disabled gone"];
    check_response(http_response(410), "gone 410", "failed 1", "disabled gone free", &gone);
}

#[test]
fn disallowed_url_disables_the_endpoint_without_a_request() {
    let fixture = Fixture::with_endpoints(0);
    fixture.create_endpoint(1, "https://169.254.169.254/latest");
    fixture.create_delivery(1, 1);
    fixture.run(&[1]);
    assert_eq!(fixture.receivers.take(), []);
    assert_eq!(fixture.endpoints(), ["disabled forbidden free"]);
    assert_eq!(fixture.deliveries(), ["failed 1"]);
    assert_eq!(fixture.published(), ["webhook_disabled forbidden"]);
}

#[test]
fn unopened_key_does_not_count_against_the_endpoint() {
    let fixture = Fixture::with_endpoints(1);
    fixture.database.execute(
        "UPDATE webhook_endpoints SET signing_keys = '[{\"sealed\":\"broken\",\"signature\":\"v1\",\"expires_at_ms\":null}]'",
    );
    fixture.create_delivery(1, 1);
    fixture.create_delivery(1, 2);
    fixture.run(&[1]);
    assert_eq!(fixture.receivers.take(), []);
    assert_eq!(
        fixture.attempts(),
        ["not_sent vault: no key opens the sealed text for this context"]
    );
    assert_eq!(fixture.endpoints(), ["enabled leased"], "it rests");
    let failing = fixture.database.query("SELECT failing_since_ms FROM webhook_endpoints");
    assert_eq!(failing, [r#"{"failing_since_ms":null}"#]);
}

#[test]
fn deliveries_wait_until_an_operator_has_restored_the_key() {
    let fixture = Fixture::with_endpoints(1);
    let set_key = |sealed: &str| {
        fixture.database.execute(&format!(
            "UPDATE webhook_endpoints SET signing_keys = \
             '[{{\"sealed\":\"{sealed}\",\"signature\":\"v1\",\"expires_at_ms\":null}}]'"
        ));
    };
    let unsigned_endpoints = || {
        let database = fixture.dispatcher.shards.for_athlete(testkit::athlete_id(1));
        run(storage::pipeline::pending(database, 0)).unwrap().unsigned_endpoints
    };
    set_key("broken");
    fixture.create_delivery(1, 1);
    fixture.run(&[1]);
    assert_eq!(unsigned_endpoints(), 1);
    fixture.advance_ms(20 * 86_400_000);
    fixture.sweep();
    assert_eq!(fixture.deliveries(), ["waiting 0"], "after twenty days");
    assert_eq!(unsigned_endpoints(), 1);
    set_key(&seal(1, SECRET));
    fixture.advance_ms(300_000);
    fixture.sweep();
    assert_eq!(fixture.deliveries(), ["delivered 1"]);
    assert_eq!(unsigned_endpoints(), 0);
}

#[test]
fn delivery_fails_after_the_whole_schedule() {
    let fixture = Fixture::with_endpoints(1);
    fixture.receivers.respond_with(|_| (0, http_response(500)));
    fixture.create_delivery(1, 1);
    let mut at_ms = Vec::new();
    let mut ids = BTreeSet::new();
    fixture.run(&[1]);
    // Early attempts come by the queue, later ones by the sweep.
    for second in 0..4 * 86_400_i64 {
        for request in fixture.receivers.take() {
            at_ms.push(fixture.clock.now_ms());
            ids.insert(header(&request, "webhook-id").unwrap().to_owned());
            assert!(
                verifies(&request, SECRET, fixture.clock.now().timestamp()),
                "each attempt has its own signature"
            );
        }
        fixture.advance_ms(1_000);
        if second < 60 {
            fixture.run(&[1]);
        } else if second % 60 == 0 {
            fixture.sweep();
        }
    }
    assert_eq!(at_ms.len(), STEPS_S.len());
    assert_eq!(ids.len(), 1);
    for (gap, step_s) in at_ms.windows(2).zip(&STEPS_S[1..]) {
        let (gap_ms, step_ms) = (gap[1] - gap[0], f64::from(*step_s) * 1_000.0);
        #[expect(clippy::cast_possible_truncation, reason = "a day of milliseconds")]
        let (low, high) = ((step_ms * (1.0 - JITTER)) as i64, (step_ms * (1.0 + JITTER)) as i64);
        assert!((low..=high + MINUTE_MS).contains(&gap_ms), "{gap_ms} for {step_ms}");
    }
    assert_eq!(fixture.deliveries(), ["failed 10"]);
    assert_eq!(fixture.endpoints(), ["enabled free"], "not yet five days");
}

#[test]
fn one_opened_key_suffices_to_sign() {
    let fixture = Fixture::with_endpoints(1);
    let sealed = seal(1, SECRET);
    fixture.database.execute(&format!(
        "UPDATE webhook_endpoints SET signing_keys = '[{{\"sealed\":\"{sealed}\",\
         \"signature\":\"v1\",\"expires_at_ms\":null}},{{\"sealed\":\"broken\",\
         \"signature\":\"v1\",\"expires_at_ms\":null}}]'"
    ));
    fixture.create_delivery(1, 1);
    fixture.run(&[1]);
    assert_eq!(fixture.deliveries(), ["delivered 1"]);
}

#[test]
fn repeated_record_logs_the_attempt_once() {
    let fixture = Fixture::with_endpoints(1);
    fixture.create_delivery(1, 1);
    fixture.receivers.respond_with(|_| (0, http_response(500)));
    fixture.database.fail_after(1, DatabaseFault::AfterCommit);
    fixture.run(&[1]);
    assert_eq!(fixture.attempts(), ["failed 500"]);
}

#[test]
fn delivery_log_keeps_the_last_twenty_attempts() {
    let fixture = Fixture::with_endpoints(1);
    fixture.receivers.respond_with(|_| (0, http_response(500)));
    fixture.create_delivery(1, 1);
    for _ in 0..3 {
        fixture.database.execute(
            "UPDATE webhook_deliveries SET status = 'waiting', attempt = 0, due_at_ms = 0",
        );
        fixture.database.execute("UPDATE webhook_endpoints SET failing_since_ms = NULL");
        for _ in 0..10 {
            fixture.database.execute(
                "UPDATE webhook_deliveries SET due_at_ms = 0; \
                 UPDATE webhook_endpoints SET leased_until_ms = 0",
            );
            fixture.run(&[1]);
        }
    }
    assert_eq!(fixture.attempts().len(), 20);
    assert_eq!(fixture.deliveries(), ["failed 10"]);
}

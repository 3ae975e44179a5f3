//! Outgoing webhooks on real SQL: endpoints with due deliveries, and retries.
#![expect(clippy::unwrap_used, reason = "a test says what failed by panicking")]

use shared_kernel::EventId;
use storage::KeyProof;
use storage::webhooks::DueDelivery;
use storage::webhooks::endpoints::{self, EndpointChange, NewEndpoint};
use storage::webhooks::{EndpointKey, SealedKey, Signature};
use storage::webhooks::{deliveries, disabled};
use testkit::{Sqlite, create_athlete, run};
use uuid::Uuid;

const NOW_MS: i64 = 1_000_000;

fn endpoint(database: &Sqlite, owner: &KeyProof, n: u128) -> EndpointKey {
    let endpoint_id = Uuid::from_u128(n);
    let sealed = "v1.".to_owned();
    let new = NewEndpoint {
        endpoint_id,
        url: "https://hooks.example/".to_owned(),
        description: String::new(),
        event_types: Vec::new(),
        form: "full",
        version: 1,
        signing_key: SealedKey { sealed, signature: Signature::V1, expires_at_ms: None },
    };
    run(endpoints::add(database, owner, &new, 0)).unwrap();
    EndpointKey { athlete_id: owner.athlete_id, endpoint_id }
}

/// Inserts the nth delivery, waiting after two attempts.
fn waiting(database: &Sqlite, key: EndpointKey, n: u128, due_at_ms: i64) -> DueDelivery {
    let (delivery_id, event_id) = (Uuid::from_u128(n), EventId(Uuid::from_u128(n + 1_000)));
    database.execute(&format!(
        "INSERT INTO webhook_deliveries (athlete_id, endpoint_id, delivery_id, event_id, \
         event_type, body, traceparent, created_at_ms, attempt, due_at_ms) \
         VALUES ('{}', '{}', '{delivery_id}', '{event_id}', 't', '{{}}', '', 0, 2, {due_at_ms})",
        key.athlete_id, key.endpoint_id
    ));
    DueDelivery { key, delivery_id, event_id, attempt: 2 }
}

#[test]
fn endpoints_are_listed_longest_due_first_with_their_oldest_delivery() {
    let database = Sqlite::migrated();
    let (ada, bob) = (create_athlete(&database, 1), create_athlete(&database, 2));
    let (first, second) = (endpoint(&database, &ada, 1), endpoint(&database, &ada, 2));
    // Endpoints of two athletes may have the same id.
    let third = endpoint(&database, &bob, 1);
    waiting(&database, first, 1, NOW_MS);
    let of_first = waiting(&database, first, 2, NOW_MS - 20);
    waiting(&database, second, 3, NOW_MS + 1);
    let of_third = waiting(&database, third, 4, NOW_MS - 30);
    let overdue = |now_ms, limit| run(deliveries::overdue(&database, now_ms, limit)).unwrap();
    assert_eq!(overdue(NOW_MS, 9), [of_third, of_first]);
    assert_eq!(overdue(NOW_MS, 1), [of_third]);
    assert_eq!(overdue(NOW_MS + 1, 9).len(), 3);
    assert_eq!(overdue(NOW_MS - 31, 9), []);
}

#[test]
fn retry_restarts_the_schedule_during_an_attempt() {
    let database = Sqlite::migrated();
    let ada = create_athlete(&database, 1);
    let key = endpoint(&database, &ada, 1);
    let row = waiting(&database, key, 1, NOW_MS + 60_000);
    database
        .execute(&format!("UPDATE webhook_endpoints SET leased_until_ms = {}", NOW_MS + 60_000));
    let retried =
        run(deliveries::retry(&database, &ada, key.endpoint_id, row.delivery_id, NOW_MS)).unwrap();
    assert_eq!(retried, row.event_id);
    let left = database.query(
        "SELECT attempt, due_at_ms, webhook_deliveries.status, leased_until_ms \
         FROM webhook_deliveries JOIN webhook_endpoints USING (athlete_id, endpoint_id)",
    );
    let expected =
        r#"{"attempt":0,"due_at_ms":1000000,"leased_until_ms":1060000,"status":"waiting"}"#;
    assert_eq!(left, [expected], "the lease is its holder's");
    assert_eq!(run(deliveries::overdue(&database, NOW_MS, 9)).unwrap(), []);
    let later = run(deliveries::overdue(&database, NOW_MS + 60_000, 9)).unwrap();
    assert_eq!(later, [DueDelivery { attempt: 0, ..row }]);
}

/// A receiver that was down for days, whose owner disables it.
#[test]
fn deliveries_of_a_disabled_endpoint_fail_by_the_thousand() {
    let database = Sqlite::migrated();
    let ada = create_athlete(&database, 1);
    let (off, on) = (endpoint(&database, &ada, 1), endpoint(&database, &ada, 2));
    for key in [off, on] {
        database.execute(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 10001 UNION ALL SELECT i + 1 FROM n WHERE i < 12500) \
             INSERT INTO webhook_deliveries (athlete_id, endpoint_id, delivery_id, event_id, \
             event_type, body, traceparent, created_at_ms, due_at_ms) SELECT '{}', '{}', \
             '00000000-0000-0000-0000-0000000' || i, i, 't', '', '', 0, i FROM n",
            key.athlete_id, key.endpoint_id
        ));
    }
    let failed = || {
        let rows = database.query(
            "SELECT endpoint_id, count(*) AS failed FROM webhook_deliveries \
             WHERE status = 'failed' AND attempts ->> '$[0].outcome' = 'disabled' GROUP BY 1",
        );
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows[0].clone()
    };
    let count = |count: u32| format!(r#"{{"endpoint_id":"{}","failed":{count}}}"#, off.endpoint_id);
    let change = EndpointChange { enabled: Some(false), ..EndpointChange::default() };
    run(endpoints::change(&database, &ada, off.endpoint_id, &change, 1)).unwrap();
    assert_eq!(failed(), count(1_000));
    for (now_ms, expected) in [(11_100, 1_100), (20_000, 2_100), (20_000, 2_500), (20_000, 2_500)] {
        run(disabled::fail_due(&database, now_ms)).unwrap();
        assert_eq!(failed(), count(expected), "{now_ms}");
    }
}

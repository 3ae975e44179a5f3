//! Replay on real SQL: what an endpoint may have missed, and what is stored for it.
#![expect(clippy::unwrap_used, reason = "a test panics on failure")]

use shared_kernel::EventId;
use storage::webhooks::deliveries::DeliveryStatus;
use storage::webhooks::endpoints::{self, NewEndpoint};
use storage::webhooks::fan_out::NewDelivery;
use storage::webhooks::replay::{self, Candidates, ReplayPosition, ReplayQuery};
use storage::webhooks::{EndpointKey, SealedKey, Signature, delivery_id};
use storage::{Conflict, KeyProof, Rejection};
use testkit::{Sqlite, create_athlete, run};
use uuid::Uuid;

const NOW_MS: i64 = 1_795_435_200_000;

struct Fixture {
    database: Sqlite,
    ada: KeyProof,
    endpoint: EndpointKey,
}

impl Fixture {
    fn new() -> Self {
        let database = Sqlite::migrated();
        let ada = create_athlete(&database, 1);
        create_athlete(&database, 2);
        let endpoint_id = Uuid::from_u128(1);
        let new = NewEndpoint {
            endpoint_id,
            url: "https://hooks.example/".to_owned(),
            description: String::new(),
            event_types: Vec::new(),
            form: "full",
            version: 1,
            signing_key: SealedKey {
                sealed: String::new(),
                signature: Signature::V1,
                expires_at_ms: None,
            },
        };
        run(endpoints::add(&database, &ada, &new, 0)).unwrap();
        let endpoint = EndpointKey { athlete_id: ada.athlete_id, endpoint_id };
        Self { database, ada, endpoint }
    }

    /// Stores the nth workout of an athlete, changed n seconds after the clock.
    fn workout(&self, athlete: u128, n: i64, completed_revision: i64, status: &str) {
        let workout_id = Uuid::from_u128(n.unsigned_abs().into());
        let (athlete_id, changed_at_ms) = (testkit::athlete_id(athlete), NOW_MS + n * 1_000);
        self.database.execute(&format!(
            "INSERT INTO workouts (athlete_id, workout_id, revision, completed_revision, status, \
             local_date, started_at_ms, document, created_at_ms, changed_at_ms, due_at_ms, traceparent, \
             change_seq) VALUES ('{athlete_id}', '{workout_id}', 3, {completed_revision}, \
             '{status}', '2026-11-23', 0, '{{}}', {changed_at_ms}, {changed_at_ms}, 0, \
             '00-{}-00f067aa0ba902b7-01', {n})",
            testkit::TRACE_ID
        ));
    }

    /// Stores the nth notification of an athlete, n seconds after the clock.
    fn notification(&self, athlete: u128, n: i64, in_app: i64, expires_at_ms: i64) {
        let id = Uuid::from_u128(n.unsigned_abs().into());
        let (athlete_id, created_at_ms) = (testkit::athlete_id(athlete), NOW_MS + n * 1_000);
        self.database.execute(&format!(
            "INSERT INTO notifications (athlete_id, notification_id, kind, title, body, data, \
             created_at_ms, expires_at_ms, in_app, seq) VALUES ('{athlete_id}', '{id}', \
             'new_record', 't', 'b', '{{}}', {created_at_ms}, {expires_at_ms}, {in_app}, {n})"
        ));
    }

    fn candidates(&self, since_ms: i64, after: (i64, i64), limit: i64) -> Candidates {
        let after = ReplayPosition { change_seq: after.0, seq: after.1 };
        let query = ReplayQuery { since_ms, after, limit };
        let endpoint_id = self.endpoint.endpoint_id;
        run(replay::candidates(&self.database, &self.ada, endpoint_id, &query, NOW_MS)).unwrap()
    }

    fn delivery(&self, event: u128, body: &str) -> NewDelivery {
        let event_id = EventId(Uuid::from_u128(event));
        NewDelivery {
            key: self.endpoint,
            delivery_id: delivery_id(event_id, NOW_MS),
            event_id,
            event_type: "record.set".to_owned(),
            body: body.to_owned(),
            traceparent: String::new(),
        }
    }

    fn store(&self, deliveries: &[NewDelivery]) -> Result<Vec<EventId>, Rejection> {
        run(replay::store(&self.database, &self.ada, self.endpoint, deliveries, NOW_MS))
    }
}

fn positions(found: &Candidates) -> (Vec<i64>, Vec<i64>) {
    (
        found.workouts.iter().map(|workout| workout.change_seq).collect(),
        found.notifications.iter().map(|notification| notification.seq).collect(),
    )
}

#[test]
fn candidates_are_completed_workouts_and_unexpired_notifications() {
    let fixture = Fixture::new();
    fixture.workout(1, 1, 3, "completed");
    fixture.workout(1, 2, 0, "in_progress");
    fixture.workout(1, 3, 2, "deleted");
    fixture.workout(1, 4, 0, "deleted");
    fixture.workout(2, 5, 3, "completed");
    fixture.notification(1, 1, 1, NOW_MS + 1);
    fixture.notification(1, 2, 1, NOW_MS);
    fixture.notification(1, 3, 0, NOW_MS + 1);
    fixture.notification(2, 4, 1, NOW_MS + 1);
    let found = |since_ms, after, limit| positions(&fixture.candidates(since_ms, after, limit));
    assert_eq!(found(0, (0, 0), 9), (vec![1, 3], vec![1, 3]));
    assert_eq!(found(NOW_MS + 1_001, (0, 0), 9), (vec![3], vec![3]), "since");
    assert_eq!(found(0, (1, 1), 9), (vec![3], vec![3]), "after a position");
    assert_eq!(found(0, (0, 0), 1), (vec![1], vec![1]), "limited");
}

#[test]
fn endpoint_of_another_athlete_has_no_candidates() {
    let fixture = Fixture::new();
    // Test athletes have the same key in each database.
    let bob = create_athlete(&Sqlite::migrated(), 2);
    let query = ReplayQuery { since_ms: 0, after: ReplayPosition::default(), limit: 9 };
    let endpoint_id = fixture.endpoint.endpoint_id;
    let found = run(replay::candidates(&fixture.database, &bob, endpoint_id, &query, NOW_MS));
    assert!(matches!(found, Err(Rejection::NotFound)), "{found:?}");
}

#[test]
fn replay_stores_the_missing_and_restarts_the_failed() {
    let fixture = Fixture::new();
    let first =
        [fixture.delivery(1, "old"), fixture.delivery(2, "old"), fixture.delivery(3, "old")];
    assert_eq!(fixture.store(&first).unwrap().len(), 3);
    fixture.database.execute(&format!(
        "UPDATE webhook_deliveries SET attempt = 10, status = CASE event_id WHEN '{}' THEN 'failed' \
         WHEN '{}' THEN 'delivered' ELSE status END",
        Uuid::from_u128(1),
        Uuid::from_u128(2)
    ));
    let again: Vec<_> = (1..=4).map(|event| fixture.delivery(event, "new")).collect();
    let mut stored = fixture.store(&again).unwrap();
    stored.sort_unstable();
    assert_eq!(stored, [again[0].event_id, again[3].event_id]);
    assert_eq!(
        fixture
            .database
            .query("SELECT body, status, attempt FROM webhook_deliveries ORDER BY event_id"),
        [
            r#"{"attempt":0,"body":"new","status":"waiting"}"#,
            r#"{"attempt":10,"body":"old","status":"delivered"}"#,
            r#"{"attempt":10,"body":"old","status":"waiting"}"#,
            r#"{"attempt":0,"body":"new","status":"waiting"}"#,
        ]
    );
    let events: Vec<_> = (1..=5).map(|event| EventId(Uuid::from_u128(event))).collect();
    let known =
        run(replay::known(&fixture.database, &fixture.ada, fixture.endpoint.endpoint_id, &events))
            .unwrap();
    assert_eq!(known.len(), 4);
    assert_eq!(known.get(&events[1]), Some(&DeliveryStatus::Delivered));
}

#[test]
fn replay_is_bounded_and_needs_an_enabled_endpoint() {
    let fixture = Fixture::new();
    let many: Vec<_> = (1..=1_000).map(|event| fixture.delivery(event, "{}")).collect();
    assert_eq!(fixture.store(&many).unwrap().len(), 1_000);
    let next = [fixture.delivery(2_000, "{}")];
    let full = fixture.store(&next);
    let is_full = matches!(full, Err(Rejection::Conflict(Conflict::TooManyWaitingDeliveries)));
    assert!(is_full, "{full:?}");
    fixture.database.execute("UPDATE webhook_deliveries SET status = 'delivered'");
    fixture.database.execute("UPDATE webhook_endpoints SET status = 'disabled'");
    let disabled = fixture.store(&next);
    let is_disabled = matches!(disabled, Err(Rejection::Conflict(Conflict::EndpointDisabled)));
    assert!(is_disabled, "{disabled:?}");
    let rows = fixture.database.query("SELECT count(*) AS n FROM webhook_deliveries");
    assert_eq!(rows, [r#"{"n":1000}"#]);
}

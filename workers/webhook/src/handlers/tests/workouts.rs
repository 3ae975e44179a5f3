//! Changed workouts: what endpoints receive about them.

use super::*;
use serde_json::{Value, json};
use shared_kernel::WorkoutId;
use shared_kernel::payload::{WorkoutChange, WorkoutChanged};

const WORKOUT: u128 = 0x0190_0000_0000_7000_8000_0000_0000_0042;

impl Fixture {
    /// Stores the workout as the api does.
    fn store_workout(&self, revision: i64, completed_revision: i64, status: &str, title: &str) {
        let document = json!({
            "title": title,
            "started_at": "2026-11-23T10:00:00+01:00",
            "ended_at": "2026-11-23T11:00:00+01:00",
            "exercises": [{ "exercise": "deadlift", "sets": [[5, 180, 8]] }],
        });
        self.database.execute(&format!(
            "INSERT INTO workouts (athlete_id, workout_id, revision, completed_revision, status, \
             local_date, started_at_ms, document, body_weight_grams, created_at_ms, changed_at_ms, due_at_ms, \
             traceparent, change_seq) VALUES ('{}', '{}', {revision}, {completed_revision}, \
             '{status}', '2026-11-23', 0, '{document}', 80000, {NOON_MS}, {NOON_MS}, 0, \
             '00-{}-00f067aa0ba902b7-01', 1) \
             ON CONFLICT (athlete_id, workout_id) DO UPDATE SET revision = excluded.revision, \
             status = excluded.status, document = excluded.document",
            athlete_id(1),
            Uuid::from_u128(WORKOUT),
            testkit::TRACE_ID
        ));
    }

    /// Consumes events and what follows from them. Returns the bodies that the first endpoint received.
    fn received(&self, batch: &[RawMessage]) -> Vec<Value> {
        assert_eq!(self.consume(batch), vec![MessageResult::Ack; batch.len()]);
        self.consume_published();
        let requests = self.receivers.take();
        let parse = |request: platform::HttpRequest| serde_json::from_str(&request.body).unwrap();
        requests.into_iter().map(parse).collect()
    }
}

fn changed(revision: i64, change: WorkoutChange) -> RawMessage {
    let workout_id = WorkoutId(Uuid::from_u128(WORKOUT));
    message(WorkoutChanged { athlete_id: athlete_id(1), workout_id, revision, change })
}

fn types(bodies: &[Value]) -> Vec<&str> {
    bodies.iter().map(|body| body["type"].as_str().unwrap()).collect()
}

#[test]
fn completed_workout_is_delivered_as_the_api_returns_it() {
    let fixture = Fixture::new();
    fixture.create_endpoint(1, "[]");
    fixture.store_workout(1, 1, "completed", "Pull");
    let bodies = fixture.received(&[changed(1, WorkoutChange::Completed)]);
    let workout_id = Uuid::from_u128(WORKOUT);
    assert_eq!(
        bodies,
        [json!({
            "type": "workout.completed",
            "timestamp": "2026-11-23T11:59:58.000Z",
            "data": {
                "athlete_id": athlete_id(1),
                "workout_id": workout_id,
                "revision": 1,
                "resource": format!("/v1/workouts/{workout_id}"),
                "workout": {
                    "id": workout_id,
                    "athlete_id": athlete_id(1),
                    "revision": 1,
                    "status": "completed",
                    "title": "Pull",
                    "started_at": "2026-11-23T10:00:00+01:00",
                    "ended_at": "2026-11-23T11:00:00+01:00",
                    "local_date": "2026-11-23",
                    "counted_body_weight_kg": 80.0,
                    "exercises": [{ "exercise": "deadlift", "sets": [
                        { "id": 1, "kind": "working", "weight_kg": 180.0, "reps": 5, "rpe": 8.0 },
                    ] }],
                    "totals": { "sets": 1, "hard_sets": 1.0, "tonnage_kg": 900.0 },
                },
            },
        })]
    );
}

#[test]
fn delivery_has_the_newest_revision_and_superseded_updates_have_none() {
    let fixture = Fixture::new();
    fixture.create_endpoint(1, "[]");
    fixture.store_workout(3, 1, "completed", "Third");
    let bodies = fixture.received(&[
        changed(1, WorkoutChange::Completed),
        changed(2, WorkoutChange::Updated),
        changed(3, WorkoutChange::Updated),
    ]);
    let mut types = types(&bodies);
    types.sort_unstable();
    assert_eq!(types, ["workout.completed", "workout.updated"]);
    for body in &bodies {
        assert_eq!(
            (&body["data"]["revision"], &body["data"]["workout"]["title"]),
            (&json!(3), &json!("Third"))
        );
    }
}

#[test]
fn deleted_workout_is_delivered_with_its_ids_only() {
    let fixture = Fixture::new();
    fixture.create_endpoint(1, "[]");
    fixture.store_workout(2, 1, "deleted", "Gone");
    let bodies = fixture
        .received(&[changed(1, WorkoutChange::Completed), changed(2, WorkoutChange::Deleted)]);
    assert_eq!(
        bodies,
        [json!({
            "type": "workout.deleted",
            "timestamp": "2026-11-23T11:59:58.000Z",
            "data": {
                "athlete_id": athlete_id(1),
                "workout_id": Uuid::from_u128(WORKOUT),
                "revision": 2,
                "deleted_at": "2026-11-23T12:00:00.000Z",
            },
        })]
    );
}

#[test]
fn long_workout_is_delivered_thin() {
    for chars in [20_000, 50_000] {
        let fixture = Fixture::new();
        fixture.create_endpoint(1, "[]");
        fixture.store_workout(1, 1, "completed", &"x".repeat(chars));
        let bodies = fixture.received(&[changed(1, WorkoutChange::Completed)]);
        assert_eq!(bodies[0]["data"]["revision"], 1);
        assert_eq!(bodies[0]["data"].get("workout"), None);
    }
}

#[test]
fn change_of_a_deleted_athlete_is_done() {
    let fixture = Fixture::new();
    assert_eq!(fixture.received(&[changed(1, WorkoutChange::Completed)]), Vec::<Value>::new());
}

#[test]
fn repeated_change_is_delivered_once_to_each_subscribed_endpoint() {
    let fixture = Fixture::new();
    fixture.create_endpoint(1, r#"["workout.completed"]"#);
    fixture.create_endpoint(2, r#"["workout.updated"]"#);
    fixture.create_endpoint(3, "[]");
    fixture.store_workout(1, 1, "completed", "Pull");
    let completed = changed(1, WorkoutChange::Completed);
    let bodies = fixture.received(&[completed.clone(), completed.clone()]);
    assert_eq!(types(&bodies), ["workout.completed", "workout.completed"]);
    assert_eq!(fixture.received(&[completed]), Vec::<Value>::new());
}

#[test]
fn database_outage_retries_and_stores_each_delivery_once() {
    for fault in [DatabaseFault::BeforeCommit, DatabaseFault::AfterCommit] {
        for successes in 0..2 {
            let fixture = Fixture::new();
            fixture.create_endpoint(1, "[]");
            fixture.store_workout(1, 1, "completed", "Pull");
            let completed = changed(1, WorkoutChange::Completed);
            fixture.database.fail_after(successes, fault);
            let result = fixture.consume(std::slice::from_ref(&completed));
            assert!(matches!(result[..], [MessageResult::Retry { .. }]), "{result:?}");
            fixture.consume(&[completed]);
            let rows = fixture.database.query("SELECT event_type FROM webhook_deliveries");
            assert_eq!(rows, [r#"{"event_type":"workout.completed"}"#]);
        }
    }
}

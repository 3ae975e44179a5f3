//! `WorkoutChanged`: published for athletes with endpoints, of each change once.

use super::*;
use shared_kernel::payload::{WorkoutChange, WorkoutChanged};

impl Fixture {
    /// Stores a workout as the api does: its row has a revision, the one that completed it, and a status.
    fn store(&self, revision: i64, completed_revision: i64, status: &str) {
        self.database.execute(&format!(
            "INSERT INTO workouts (athlete_id, workout_id, revision, completed_revision, status, \
             local_date, started_at_ms, document, created_at_ms, changed_at_ms, due_at_ms, traceparent, \
             change_seq) VALUES ('{}', '{}', {revision}, {completed_revision}, '{status}', \
             '2026-11-18', 0, '{{}}', 0, 0, 0, '', 1) \
             ON CONFLICT (athlete_id, workout_id) DO UPDATE SET revision = excluded.revision, \
             completed_revision = excluded.completed_revision, status = excluded.status",
            athlete_id(1),
            Uuid::from_u128(1)
        ));
    }

    fn create_endpoint(&self, event_types: &str, status: &str) {
        self.database.execute(&format!(
            "DELETE FROM webhook_endpoints; INSERT INTO webhook_endpoints (athlete_id, \
             endpoint_id, url, description, event_types, form, version, signing_keys, status, \
             created_at_ms) VALUES ('{}', '1', 'https://hooks.example/', '', '{event_types}', \
             'full', 1, '[]', '{status}', 0)",
            athlete_id(1)
        ));
    }

    /// Consumes a batch, and returns the published changes of workouts with the ids of their events.
    fn changes(&self, batch: &[RawMessage]) -> Vec<(String, i64, WorkoutChange)> {
        let acknowledged = vec![MessageResult::Ack; batch.len()];
        assert_eq!(self.consume(batch), acknowledged);
        let events = self.sink.take_events();
        let changed = |event: &Event| match event.data {
            EventData::WorkoutChanged(WorkoutChanged { revision, change, .. }) => {
                Some((event.id.to_string(), revision, change))
            }
            _ => None,
        };
        events.iter().filter_map(changed).collect()
    }

    fn kinds(&self, batch: &[RawMessage]) -> Vec<(i64, WorkoutChange)> {
        self.changes(batch).into_iter().map(|(_, revision, change)| (revision, change)).collect()
    }
}

fn at(revision: i64) -> WorkoutSnapshot {
    snapshot(1, 1, revision, "2026-11-18", 3)
}

fn updated(revision: i64) -> RawMessage {
    message(VolumeUpdated { workout: at(revision) })
}

fn deleted(revision: i64) -> RawMessage {
    message(WorkoutDeleted { workout: at(revision) })
}

#[test]
fn endpoints_of_an_athlete_receive_each_change_of_a_workout() {
    use WorkoutChange::{Completed, Deleted, Updated};
    let fixture = Fixture::new(1);
    fixture.create_endpoint("[]", "enabled");
    fixture.store(1, 0, "in_progress");
    let started = message(TrainingSetRecorded { workout: at(1) });
    assert_eq!(fixture.kinds(&[started]), [], "in progress");
    fixture.store(2, 2, "completed");
    assert_eq!(fixture.kinds(&[completed(at(2))]), [(2, Completed)]);
    fixture.store(3, 2, "completed");
    assert_eq!(fixture.kinds(&[updated(3)]), [(3, Updated)]);
    fixture.store(4, 2, "deleted");
    assert_eq!(fixture.kinds(&[deleted(4)]), [(4, Deleted)]);
    assert_eq!(fixture.kinds(&[completed(at(2)), updated(3)]), [], "late copies");
}

#[test]
fn deleting_a_workout_in_progress_is_not_announced() {
    let fixture = Fixture::new(1);
    fixture.create_endpoint("[]", "enabled");
    fixture.store(2, 0, "deleted");
    assert_eq!(fixture.kinds(&[deleted(2)]), []);
}

#[test]
fn completion_is_announced_even_if_its_message_is_lost() {
    use WorkoutChange::{Completed, Updated};
    for batch in [vec![updated(3)], vec![completed(at(2)), updated(3)]] {
        let fixture = Fixture::new(1);
        fixture.create_endpoint("[]", "enabled");
        fixture.store(3, 2, "completed");
        assert_eq!(fixture.kinds(&batch), [(2, Completed), (3, Updated)]);
    }
}

#[test]
fn redelivery_before_the_mark_publishes_the_same_ids() {
    let fixture = Fixture::new(1);
    fixture.create_endpoint("[]", "enabled");
    fixture.store(3, 2, "completed");
    fixture.database.fail_after(1, DatabaseFault::BeforeCommit);
    assert!(matches!(fixture.consume(&[updated(3)])[0], MessageResult::Retry { .. }));
    let ids = |events: Vec<Event>| events.iter().map(|event| event.id).collect::<Vec<_>>();
    let first = ids(fixture.sink.take_events());
    assert_eq!(first.len(), 3, "the week and two changes");
    fixture.consume(&[updated(3)]);
    assert_eq!(ids(fixture.sink.take_events()), first);
}

#[test]
fn only_enabled_endpoints_for_workouts_are_considered() {
    let check = |event_types: &str, status: &str, is_published: bool| {
        let fixture = Fixture::new(2);
        fixture.create_endpoint(event_types, status);
        fixture.store(1, 1, "completed");
        let round_trips = fixture.database.round_trips();
        let other = completed(snapshot(2, 2, 1, "2026-11-18", 3));
        let changes = fixture.changes(&[completed(at(1)), other]);
        assert_eq!(changes.len(), usize::from(is_published), "{event_types} {status}");
        assert_eq!(
            fixture.database.round_trips() - round_trips,
            4,
            "two for each athlete's database"
        );
    };
    check("[]", "enabled", true);
    check("[]", "disabled", false);
    check(r#"["record.set","workout.deleted"]"#, "enabled", true);
    check(r#"["record.set"]"#, "enabled", false);
}

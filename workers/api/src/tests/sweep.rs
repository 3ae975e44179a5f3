//! The events that the sweep resends, and the workouts that it completes.

use super::*;
use platform::drill::Drill;
use shared_kernel::AthleteId;
use std::rc::Rc;

#[test]
fn sweep_resends_unpublished_events_with_growing_pauses() {
    let api = TestApi::new();
    let key = api.create_athlete();
    api.sink.fail_next(3);
    assert_eq!(api.call(&key, "POST", "/v1/workouts", Some(&bench_workout(1))).status, 201);
    assert_eq!(api.sink.take_events().len(), 0);
    run(api.app.sweep());
    assert_eq!(api.sink.take_events().len(), 0, "its event may still be in transit");
    api.clock.advance_ms(60_000);
    run(api.app.sweep());
    let first = api.sink.take_events();
    assert_eq!(first.len(), 1);
    run(api.app.sweep());
    assert_eq!(api.sink.take_events().len(), 0);
    api.clock.advance_ms(60_000);
    run(api.app.sweep());
    assert_eq!(api.sink.take_events(), first, "the same event, by the same id");
    api.clock.advance_ms(60_000);
    run(api.app.sweep());
    assert_eq!(api.sink.take_events().len(), 0, "the second pause is two minutes");
    api.mark_aggregated();
    api.clock.advance_ms(86_400_000);
    run(api.app.sweep());
    assert_eq!(api.sink.take_events().len(), 0, "a processed workout is not resent");
}

/// A workout whose last set was logged exactly 24 hours ago.
fn create_abandoned_workout(api: &TestApi, key: &str) -> String {
    let path = api.create_workout(key, &open_workout());
    let set = json!({ "exercise": "pull-up", "kind": "working", "reps": 5 });
    assert_eq!(api.post(key, &format!("{path}/sets"), &set).status, 201);
    api.mark_aggregated();
    api.clock.advance_ms(24 * 3_600_000);
    path
}

#[test]
fn start_by_a_slow_clock_leaves_a_workout_open() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let mut open = open_workout();
    open["started_at"] = json!("2026-11-22T11:59:00Z");
    let path = api.create_workout(&key, &open);
    api.clock.advance_ms(120_000);
    run(api.app.sweep());
    let set = json!({ "exercise": "pull-up", "kind": "working", "reps": 5 });
    assert_eq!(api.post(&key, &format!("{path}/sets"), &set).status, 201);
}

#[test]
fn sweep_completes_workouts_idle_for_24_hours() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let path = create_abandoned_workout(&api, &key);
    run(api.app.sweep());
    assert_eq!(api.get(&key, &path).body["status"], "in_progress");
    api.clock.advance_ms(1);
    let seen = api.get(&key, "/v1/workouts/events").body["next_since"].clone();
    run(api.app.sweep());
    let completed = api.get(&key, &path);
    let since = format!("/v1/workouts/events?since={}", seen.as_str().unwrap());
    assert_eq!(api.get(&key, &since).body["items"][0]["workout"], completed.body);
    assert_eq!(completed.body["status"], "completed");
    assert_eq!(completed.body["ended_at"], "2026-11-23T13:00:00+01:00");
    assert_eq!(completed.etag(), "\"3\"");
    assert_eq!(api.take_published(), [(EventType::WorkoutCompleted, 3)]);
    run(api.app.sweep());
    assert_eq!(api.take_published(), []);
}

#[test]
fn set_logged_during_a_sweep_is_not_lost() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let path = create_abandoned_workout(&api, &key);
    api.clock.advance_ms(1);
    let late = "UPDATE workouts SET revision = revision + 1, change_seq = change_seq + 1, \
                document = json_set(document, '$.notes', 'one more set')";
    let athlete = api.athlete_id(&key).parse().unwrap();
    api.database.of(athlete).fail_after(2, DatabaseFault::Interleaved(late));
    run(api.app.sweep());
    assert_eq!(api.get(&key, &path).body["status"], "in_progress");
    api.clock.advance_ms(60_000);
    run(api.app.sweep());
    let completed = api.get(&key, &path).body;
    assert_eq!((&completed["status"], &completed["revision"]), (&json!("completed"), &json!(4)));
    assert_eq!(completed["notes"], "one more set");
}

#[test]
fn unpublished_completion_is_resent_by_the_next_sweep() {
    let api = TestApi::new();
    let key = api.create_athlete();
    create_abandoned_workout(&api, &key);
    api.clock.advance_ms(1);
    api.sink.fail_next(10);
    run(api.app.sweep());
    api.sink.fail_next(0);
    assert_eq!(api.take_published(), []);
    api.clock.advance_ms(60_000);
    run(api.app.sweep());
    assert_eq!(api.take_published(), [(EventType::WorkoutCompleted, 3)]);
}

#[test]
fn sweep_ignores_completed_and_deleted_workouts() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let complete = api.create_workout(&key, &bench_workout(1));
    let deleted = api.create_workout(&key, &open_workout());
    api.delete(&key, &deleted);
    api.take_published();
    api.mark_aggregated();
    api.clock.advance_ms(7 * 86_400_000);
    run(api.app.sweep());
    assert_eq!(api.take_published(), []);
    assert_eq!(api.get(&key, &complete).etag(), "\"1\"");
    assert_eq!(api.get(&key, &deleted).status, 404);
}

#[test]
fn one_sweep_completes_more_than_a_batch_of_open_workouts() {
    let api = TestApi::new();
    let key = api.create_athlete();
    for _ in 0..101 {
        api.create_workout(&key, &open_workout());
    }
    api.mark_aggregated();
    api.clock.advance_ms(86_400_001);
    run(api.app.sweep());
    assert_eq!(api.take_published().len(), 101);
    let open = api.database.query("SELECT 1 FROM workouts WHERE status = 'in_progress'");
    assert_eq!(open.len(), 0);
}

/// A time that no test reaches.
const FOREVER_MS: i64 = 9_000_000_000_000;

/// Stores a notification whose email is due at `due_at_ms`.
fn store_due_email(api: &TestApi, key: &str, id: &str, due_at_ms: i64) -> AthleteId {
    let athlete = api.get(key, "/v1/me").body["athlete_id"].as_str().unwrap().to_owned();
    api.database.execute(&format!(
        "INSERT INTO notifications (athlete_id, notification_id, kind, title, body, data, \
         created_at_ms, expires_at_ms, in_app, seq, mail_due_at_ms) \
         VALUES ('{athlete}', '{id}', 'plateau', '', '', '{{}}', 0, {FOREVER_MS}, 1, \
         (SELECT count(*) FROM notifications), {due_at_ms})"
    ));
    athlete.parse().unwrap()
}

/// The athletes of the events that a sweep publishes for due emails.
fn sweep_due_emails(api: &TestApi) -> Vec<AthleteId> {
    run(api.app.sweep());
    let events = api.sink.take_events();
    assert!(events.iter().all(|event| event.event_type() == EventType::MailFellDue));
    events.iter().map(|event| event.data.athlete_id()).collect()
}

#[test]
fn due_emails_are_requested_longest_due_first_until_claimed() {
    let api = TestApi::new();
    api.clock.advance_ms(60_000);
    let now_ms = api.app.clock.now_ms();
    let (ada, bob) = (api.create_athlete(), api.create_athlete());
    let bob = api.in_database_of(&ada, bob);
    let first = store_due_email(&api, &ada, "a", now_ms);
    store_due_email(&api, &ada, "b", now_ms - 1);
    let second = store_due_email(&api, &bob, "c", now_ms - 2);
    store_due_email(&api, &bob, "d", now_ms + 1);
    assert_eq!(sweep_due_emails(&api), [second, first]);
    assert_eq!(sweep_due_emails(&api), [second, first], "the sweep claims nothing");
    api.database.execute(
        "UPDATE notifications SET mail_due_at_ms = NULL WHERE \
                            notification_id IN ('a', 'b', 'c')",
    );
    assert_eq!(sweep_due_emails(&api), []);
    api.clock.advance_ms(1);
    assert_eq!(sweep_due_emails(&api), [second]);
}

#[test]
fn sweeps_of_one_minute_publish_the_same_mail_event() {
    let api = TestApi::new();
    let key = api.create_athlete();
    store_due_email(&api, &key, "a", api.app.clock.now_ms());
    let ids = || {
        run(api.app.sweep());
        api.sink.take_events().iter().map(|event| event.id).collect::<Vec<_>>()
    };
    let first = ids();
    api.clock.advance_ms(59_999);
    assert_eq!(ids(), first);
    api.clock.advance_ms(1);
    assert_ne!(ids(), first);
}

#[test]
fn unclaimed_email_is_requested_every_minute() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let athlete = store_due_email(&api, &key, "a", api.app.clock.now_ms());
    for minute in 0..130 {
        assert_eq!(sweep_due_emails(&api), [athlete], "minute {minute}");
        api.clock.advance_ms(60_000);
    }
}

#[test]
fn email_backlog_of_a_database_is_requested_1000_a_minute() {
    let api = TestApi::new();
    api.database.of(testkit::athlete_id(0)).execute(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 2500) \
         INSERT INTO athletes (athlete_id, display_name, created_at_ms) \
         SELECT printf('01900000-0000-7000-8000-%012d', n), '', 0 FROM n; \
         INSERT INTO notifications (athlete_id, notification_id, kind, title, body, data, \
         created_at_ms, expires_at_ms, in_app, seq, mail_due_at_ms) \
         SELECT athlete_id, athlete_id, 'plateau', '', '', '{}', 0, 9000000000000, 1, 1, 1 FROM athletes",
    );
    let requested = [1, 2, 3].map(|_| {
        let athletes = sweep_due_emails(&api);
        for athlete in &athletes {
            api.database.execute(&format!(
                "UPDATE notifications SET mail_due_at_ms = NULL WHERE athlete_id = '{athlete}'"
            ));
        }
        api.clock.advance_ms(60_000);
        athletes.len()
    });
    assert_eq!(requested, [1_000, 1_000, 500]);
}

#[test]
fn rejected_send_loses_no_due_email() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let athlete = store_due_email(&api, &key, "a", api.app.clock.now_ms());
    api.sink.fail_next(10);
    assert_eq!(sweep_due_emails(&api), []);
    api.sink.fail_next(0);
    assert_eq!(sweep_due_emails(&api), [athlete]);
}

#[test]
fn panicking_sweep_step_does_not_stop_the_others() {
    let mut api = TestApi::new();
    let key = api.create_athlete();
    let path = create_abandoned_workout(&api, &key);
    let athlete = store_due_email(&api, &key, "a", 0);
    api.clock.advance_ms(3_600_000);
    let id = path.rsplit('/').next().unwrap();
    let faults = &format!("panic:{id}");
    Rc::make_mut(&mut api.app).shards =
        api.database.shards_over(|_, database| Rc::new(Drill::new(database, faults)));
    assert_eq!(sweep_due_emails(&api), [athlete]);
    assert_eq!(api.get(&key, &path).status, 500, "the drill panics");
}

#[test]
fn unavailable_database_does_not_stop_the_sweep_of_the_others() {
    let api = TestApi::new();
    let (ada, bob) = (api.create_athlete(), api.create_athlete());
    let ada_id = store_due_email(&api, &ada, "a", 0);
    let bob_id = store_due_email(&api, &bob, "b", 0);
    let (adas, bobs) = (api.database.of(ada_id), api.database.of(bob_id));
    assert!(!Rc::ptr_eq(adas, bobs), "the athletes are in different databases");
    for (unavailable, expected) in [(adas, bob_id), (bobs, ada_id)] {
        let jobs = 7;
        unavailable.fail_next(&vec![DatabaseFault::BeforeCommit; jobs]);
        assert_eq!(sweep_due_emails(&api), [expected]);
    }
    api.database.operations.fail_next(&[DatabaseFault::BeforeCommit]);
    assert_eq!(sweep_due_emails(&api).len(), 2);
}

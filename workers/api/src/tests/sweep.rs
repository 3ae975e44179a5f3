//! What the sweep sends again, and what it completes.

use super::*;
use platform::drill::Drill;
use shared_kernel::AthleteId;
use storage::Shards;

#[test]
fn what_was_not_published_is_sent_by_the_sweep_and_then_less_and_less_often() {
    let house = House::new();
    let key = house.athlete();
    house.sink.refuse_next(3);
    assert_eq!(house.call(&key, "POST", "/v1/workouts", Some(&bench(1))).status, 201);
    assert_eq!(house.sink.take_events().len(), 0);
    run(house.app.sweep());
    assert_eq!(house.sink.take_events().len(), 0, "its event may still be on its way");
    house.clock.advance_ms(60_000);
    run(house.app.sweep());
    let first = house.sink.take_events();
    assert_eq!(first.len(), 1);
    run(house.app.sweep());
    assert_eq!(house.sink.take_events().len(), 0);
    house.clock.advance_ms(60_000);
    run(house.app.sweep());
    assert_eq!(house.sink.take_events(), first, "the same event, by the same id");
    house.clock.advance_ms(60_000);
    run(house.app.sweep());
    assert_eq!(house.sink.take_events().len(), 0, "the second pause is two minutes");
    house.database.execute("UPDATE workouts SET aggregated_revision = revision");
    house.clock.advance_ms(86_400_000);
    run(house.app.sweep());
    assert_eq!(house.sink.take_events().len(), 0, "what is through is left alone");
}

/// A workout begun 24 hours ago, to the millisecond; its last set was logged 5 hours after.
fn left_open(house: &House, key: &str) -> String {
    let path = house.posted(key, &open());
    let set = json!({ "exercise": "pull-up", "kind": "working", "reps": 5 });
    assert_eq!(house.post(key, &format!("{path}/sets"), &set).status, 201);
    house.sink.take_events();
    house.database.execute("UPDATE workouts SET aggregated_revision = revision");
    house.clock.advance_ms(19 * 3_600_000);
    path
}

#[test]
fn a_workout_left_open_for_24_hours_is_completed_once_at_its_last_set() {
    let house = House::new();
    let key = house.athlete();
    let path = left_open(&house, &key);
    run(house.app.sweep());
    assert_eq!(house.get(&key, &path).body["status"], "in_progress");
    house.clock.advance_ms(1);
    let seen = house.get(&key, "/v1/workouts/events").body["next_since"].clone();
    run(house.app.sweep());
    let completed = house.get(&key, &path);
    let since = format!("/v1/workouts/events?since={}", seen.as_str().unwrap());
    assert_eq!(house.get(&key, &since).body["items"][0]["workout"], completed.body);
    assert_eq!(completed.body["status"], "completed");
    assert_eq!(completed.body["ended_at"], "2026-11-23T13:00:00+01:00");
    assert_eq!(completed.etag(), "\"3\"");
    assert_eq!(house.published(), [(EventType::WorkoutCompleted, 3)]);
    run(house.app.sweep());
    assert_eq!(house.published(), []);
}

#[test]
fn a_set_logged_while_the_sweep_runs_is_not_lost() {
    let house = House::new();
    let key = house.athlete();
    let path = left_open(&house, &key);
    house.clock.advance_ms(1);
    let late = "UPDATE workouts SET revision = revision + 1, change_seq = change_seq + 1, \
                document = json_set(document, '$.notes', 'one more set')";
    house.database.fail_after(1, Fault::Overtaken(late));
    run(house.app.sweep());
    let completed = house.get(&key, &path).body;
    assert_eq!((&completed["status"], &completed["revision"]), (&json!("completed"), &json!(4)));
    assert_eq!(completed["notes"], "one more set");
}

#[test]
fn a_completion_of_the_sweep_that_is_not_published_is_sent_by_the_next() {
    let house = House::new();
    let key = house.athlete();
    left_open(&house, &key);
    house.clock.advance_ms(1);
    house.sink.refuse_next(10);
    run(house.app.sweep());
    house.sink.refuse_next(0);
    assert_eq!(house.published(), []);
    house.clock.advance_ms(60_000);
    run(house.app.sweep());
    assert_eq!(house.published(), [(EventType::WorkoutCompleted, 3)]);
}

#[test]
fn the_sweep_leaves_complete_and_deleted_workouts_alone() {
    let house = House::new();
    let key = house.athlete();
    let complete = house.posted(&key, &bench(1));
    let deleted = house.posted(&key, &open());
    house.delete(&key, &deleted);
    house.published();
    house.database.execute("UPDATE workouts SET aggregated_revision = revision");
    house.clock.advance_ms(7 * 86_400_000);
    run(house.app.sweep());
    assert_eq!(house.published(), []);
    assert_eq!(house.get(&key, &complete).etag(), "\"1\"");
    assert_eq!(house.get(&key, &deleted).status, 404);
}

#[test]
fn more_than_a_batch_left_open_is_completed_in_one_sweep() {
    let house = House::new();
    let key = house.athlete();
    for _ in 0..101 {
        house.posted(&key, &open());
    }
    house.database.execute("UPDATE workouts SET aggregated_revision = revision");
    house.clock.advance_ms(86_400_000);
    run(house.app.sweep());
    assert_eq!(house.published().len(), 101);
    let open = house.database.query("SELECT 1 FROM workouts WHERE status = 'in_progress'");
    assert_eq!(open.len(), 0);
}

/// A notification of an athlete whose mail is due at an instant.
fn mail_due(house: &House, key: &str, id: &str, due_at_ms: i64) -> AthleteId {
    let athlete = house.get(key, "/v1/me").body["athlete_id"].as_str().unwrap().to_owned();
    house.database.execute(&format!(
        "INSERT INTO notifications (athlete_id, notification_id, kind, title, body, data, \
         created_at_ms, mail_due_at_ms) \
         VALUES ('{athlete}', '{id}', 'plateau', '', '', '{{}}', 0, {due_at_ms})"
    ));
    athlete.parse().unwrap()
}

/// Of whom the sweep says that mails are due.
fn asked(house: &House) -> Vec<AthleteId> {
    run(house.app.sweep());
    let events = house.sink.take_events();
    assert!(events.iter().all(|event| event.event_type() == EventType::MailFellDue));
    events.iter().map(|event| event.data.athlete_id()).collect()
}

#[test]
fn the_athletes_whose_mails_are_due_are_asked_for_the_longest_due_first_until_they_are_claimed() {
    let house = House::new();
    house.clock.advance_ms(60_000);
    let now_ms = house.app.clock.now_ms();
    let (ada, bob) = (house.athlete(), house.athlete());
    let first = mail_due(&house, &ada, "a", now_ms);
    mail_due(&house, &ada, "b", now_ms - 1);
    let second = mail_due(&house, &bob, "c", now_ms - 2);
    mail_due(&house, &bob, "d", now_ms + 1);
    assert_eq!(asked(&house), [second, first]);
    assert_eq!(asked(&house), [second, first], "the sweep hides nothing");
    house.database.execute(
        "UPDATE notifications SET mail_due_at_ms = NULL WHERE \
                            notification_id IN ('a', 'b', 'c')",
    );
    assert_eq!(asked(&house), []);
    house.clock.advance_ms(1);
    assert_eq!(asked(&house), [second]);
}

#[test]
fn two_sweeps_of_one_minute_ask_by_the_same_event_and_the_next_minute_by_another() {
    let house = House::new();
    let key = house.athlete();
    mail_due(&house, &key, "a", house.app.clock.now_ms());
    let ids = || {
        run(house.app.sweep());
        house.sink.take_events().iter().map(|event| event.id).collect::<Vec<_>>()
    };
    let first = ids();
    house.clock.advance_ms(59_999);
    assert_eq!(ids(), first);
    house.clock.advance_ms(1);
    assert_ne!(ids(), first);
}

#[test]
fn a_mail_that_nobody_takes_is_asked_for_each_minute_however_long_it_waits() {
    let house = House::new();
    let key = house.athlete();
    let athlete = mail_due(&house, &key, "a", house.app.clock.now_ms());
    for minute in 0..130 {
        assert_eq!(asked(&house), [athlete], "minute {minute}");
        house.clock.advance_ms(60_000);
    }
}

#[test]
fn a_backlog_of_mails_is_asked_for_by_a_thousand_athletes_a_minute() {
    let house = House::new();
    house.database.execute(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 2500) \
         INSERT INTO athletes (athlete_id, display_name, created_at_ms) \
         SELECT printf('01900000-0000-7000-8000-%012d', n), '', 0 FROM n; \
         INSERT INTO notifications (athlete_id, notification_id, kind, title, body, data, \
         created_at_ms, mail_due_at_ms) SELECT athlete_id, athlete_id, 'plateau', '', '', '{}', 0, \
         1 FROM athletes",
    );
    let drained = [1, 2, 3].map(|_| {
        let athletes = asked(&house);
        for athlete in &athletes {
            house.database.execute(&format!(
                "UPDATE notifications SET mail_due_at_ms = NULL WHERE athlete_id = '{athlete}'"
            ));
        }
        house.clock.advance_ms(60_000);
        athletes.len()
    });
    assert_eq!(drained, [1_000, 1_000, 500]);
}

#[test]
fn a_queue_that_refuses_costs_no_due_mail() {
    let house = House::new();
    let key = house.athlete();
    let athlete = mail_due(&house, &key, "a", house.app.clock.now_ms());
    house.sink.refuse_next(10);
    assert_eq!(asked(&house), []);
    house.sink.refuse_next(0);
    assert_eq!(asked(&house), [athlete]);
}

#[test]
fn a_step_that_panics_keeps_no_other_from_its_turn() {
    let mut house = House::new();
    let key = house.athlete();
    let path = left_open(&house, &key);
    let athlete = mail_due(&house, &key, "a", 0);
    house.clock.advance_ms(3_600_000);
    let id = path.rsplit('/').next().unwrap();
    let drill = Drill::new(Rc::clone(&house.database) as _, &format!("panic:{id}"));
    house.app.shards = Shards::single(Rc::new(drill));
    assert_eq!(asked(&house), [athlete]);
    assert_eq!(house.get(&key, &path).status, 500, "the drill is none");
}

//! Inbox rows, and the channels of a notification.

use super::*;

#[test]
fn pattern_is_emailed_only_above_the_confidence_threshold() {
    let fixture = Fixture::new();
    assert_eq!(
        fixture.consume(&[pattern(1, 0.8, 1), pattern(2, 0.79, 1)]),
        [MessageResult::Ack; 2]
    );
    assert_eq!(
        fixture.rows(),
        [row(OVER_MRV, true, 1, None, true), row(OVER_MRV, true, 0, None, false)]
    );
    let emails = fixture.mailer.take();
    assert_eq!(emails.len(), 1);
    assert_eq!(emails[0].to, "athlete1@example.com");
    assert_eq!(emails[0].subject, "Chest volume over MRV Bcc: all@example.com");
    assert!(emails[0].text.contains("Take 6 hard sets away."));
}

#[test]
fn duplicate_event_creates_one_row_and_one_email() {
    let fixture = Fixture::new();
    fixture.consume(&[pattern(1, 0.9, 1), pattern(1, 0.9, 1)]);
    fixture.consume(&[pattern(1, 0.9, 1)]);
    fixture.advance_minutes(2);
    fixture.consume(&[pattern(1, 0.9, 4)]);
    fixture.send_due_emails();
    assert_eq!(fixture.rows().len(), 1);
    assert_eq!(fixture.emails(), 1);
}

#[test]
fn missing_address_or_higher_threshold_prevents_the_email() {
    let fixture = Fixture::new();
    fixture.database.execute("UPDATE athletes SET email = NULL WHERE display_name = 'Athlete 1'");
    fixture.database.execute("UPDATE athletes SET email_threshold = 0.95 WHERE email IS NOT NULL");
    fixture.consume(&[pattern(1, 1.0, 1), pattern(2, 0.9, 1)]);
    assert_eq!(fixture.rows().len(), 2);
    assert_eq!(fixture.emails(), 0);
}

#[test]
fn channels_follow_preferences_and_default_per_kind() {
    let check = |channels: &str, kind: NotificationKind, expected: Option<(bool, bool)>| {
        let fixture = Fixture::new();
        fixture.set_preferences(&format!("channels = '{channels}'"));
        assert_eq!(fixture.consume(&[notification(kind.as_str(), "Title")]), [MessageResult::Ack]);
        let expected = expected
            .map(|(in_app, mailed)| row(kind, in_app, i64::from(mailed), None, mailed))
            .into_iter()
            .collect::<Vec<_>>();
        assert_eq!(fixture.rows(), expected, "{channels} {kind:?}");
        assert_eq!(fixture.sink.take_dead_letters(Queue::WebhookNotification), []);
    };
    check("{}", NotificationKind::WeeklyReport, Some((true, true)));
    check("{}", NotificationKind::NewRecord, Some((true, false)));
    check(r#"{"new_record":{"email":true}}"#, NotificationKind::NewRecord, Some((true, true)));
    check(
        r#"{"weekly_report":{"email":false}}"#,
        NotificationKind::WeeklyReport,
        Some((true, false)),
    );
    check(
        r#"{"weekly_report":{"in_app":false}}"#,
        NotificationKind::WeeklyReport,
        Some((false, true)),
    );
    check(r#"{"new_record":{"in_app":false}}"#, NotificationKind::NewRecord, None);
}

#[test]
fn unknown_kind_is_a_dead_letter_and_others_are_delivered() {
    let fixture = Fixture::new();
    let batch = [
        notification("new_record", "Before"),
        notification("horoscope", "Stars"),
        notification("new_record", "After"),
    ];
    assert_eq!(
        fixture.consume(&batch),
        [MessageResult::Ack, MessageResult::DeadLetter, MessageResult::Ack]
    );
    assert_eq!(fixture.rows().len(), 2);
    assert_eq!(fixture.dead_letter_reason(), r#"unknown notification kind "horoscope""#);
}

#[test]
fn expired_notification_is_not_delivered() {
    let fixture = Fixture::new();
    // The event is two seconds older than the fixture's clock.
    fixture.clock.advance_ms(30 * 24 * HOUR_MS - 2_000 - 1);
    fixture.consume(&[notification("import_finished", "Current")]);
    assert_eq!(fixture.rows().len(), 1);
    fixture.clock.advance_ms(1);
    assert_eq!(
        fixture.consume(&[notification("import_finished", "Expired")]),
        [MessageResult::Ack]
    );
    fixture.consume(&[notification("import_finished", "Current")]);
    let rows = fixture.database.query("SELECT title, seq FROM notifications");
    assert_eq!(rows, [r#"{"seq":1,"title":"Current"}"#]);
}

#[test]
fn inbox_deletes_expired_rows_and_never_reuses_a_position() {
    let fixture = Fixture::new();
    let positions = || fixture.database.query("SELECT title, seq FROM notifications ORDER BY seq");
    fixture.consume(&[notification("import_finished", "A"), notification("import_finished", "B")]);
    fixture.advance_minutes(31 * 24 * 60);
    fixture.consume(&[notification("import_finished", "Expired")]);
    assert_eq!(positions().len(), 2, "an expired notification changes nothing");
    fixture.consume(&[notification("new_record", "C")]);
    assert_eq!(positions(), [r#"{"seq":3,"title":"C"}"#]);
    fixture.database.execute(&format!("UPDATE notifications SET expires_at_ms = {NOON_MS}"));
    fixture.consume(&[notification("new_record", "C")]);
    assert_eq!(positions(), [r#"{"seq":3,"title":"C"}"#], "the last position is reserved");
    fixture.consume(&[
        notification("new_record", "D"),
        notification("new_record", "C"),
        notification("new_record", "E"),
    ]);
    assert_eq!(fixture.database.query("SELECT seq FROM notifications ORDER BY seq").len(), 2);
    let database = fixture.database.of(athlete_id(1));
    let seqs = database.query("SELECT max(seq) AS seq FROM notifications");
    assert_eq!(seqs, [r#"{"seq":5}"#]);
}

#[test]
fn second_notification_of_a_day_is_held() {
    let fixture = Fixture::new();
    fixture.consume(&[notification("new_record", "A"), pattern(1, 0.9, 1)]);
    fixture.advance_minutes(60);
    fixture.consume(&[notification("new_record", "B"), notification("weekly_report", "C")]);
    let rows =
        fixture.database.query("SELECT kind, in_app, held FROM notifications ORDER BY seq, kind");
    let row = |kind: &str, in_app: i64| {
        format!(r#"{{"held":{},"in_app":{in_app},"kind":"{kind}"}}"#, 1 - in_app)
    };
    let mut expected = [
        row("new_record", 0),
        row("volume_above_mrv", 1),
        row("new_record", 0),
        row("weekly_report", 1),
    ];
    let mut rows = rows;
    rows.sort();
    expected.sort();
    assert_eq!(rows, expected);
}

#[test]
fn day_of_the_budget_is_that_of_the_athletes_zone() {
    let check = |zone: &str, shown: usize| {
        let fixture = Fixture::new();
        fixture.set_preferences(&format!("time_zone = '{zone}'"));
        fixture.consume(&[pattern(1, 0.9, 1)]);
        fixture.advance_minutes(4 * 60);
        fixture.consume(&[pattern(1, 0.8, 1)]);
        let rows = fixture.database.query("SELECT 1 FROM notifications WHERE in_app = 1");
        assert_eq!(rows.len(), shown, "{zone}");
    };
    check("UTC", 1);
    // From Monday 21:00 to Tuesday 01:00.
    check("Asia/Tokyo", 2);
}

#[test]
fn notification_of_two_weeks_ago_is_held() {
    let check = |days: i64, held: i64| {
        let fixture = Fixture::new();
        fixture.advance_minutes(days * 24 * 60);
        fixture.consume(&[pattern(1, 0.9, 1)]);
        let rows = fixture.database.query("SELECT held, in_app FROM notifications");
        assert_eq!(rows, [format!(r#"{{"held":{held},"in_app":{}}}"#, 1 - held)], "{days}");
    };
    check(13, 0);
    // The event is from two seconds before the start of the clock.
    check(14, 1);
}

#[test]
fn batch_takes_one_round_trip_per_step_and_database() {
    let fixture = Fixture::new();
    let trips = |messages: &[RawMessage]| {
        let before = fixture.database.round_trips();
        fixture.consume(messages);
        fixture.database.round_trips() - before
    };
    assert_eq!(trips(&[notification("import_finished", "A")]), 2);
    assert_eq!(trips(&[pattern(1, 0.9, 1), pattern(2, 0.9, 1)]), 2 * 3);
    assert_eq!(trips(&[message(MailFellDue { athlete_id: athlete_id(1) })]), 1);
}

#[test]
fn database_error_is_retried_and_unknown_athlete_dead_lettered() {
    let fixture = Fixture::new();
    fixture.database.fail_next(&[DatabaseFault::BeforeCommit]);
    assert_eq!(fixture.consume(&[pattern(1, 0.9, 1)]), [MessageResult::Retry { delay_s: 1 }]);
    assert_eq!(
        fixture.consume(&[pattern(9, 0.9, 1), pattern(1, 0.1, 1)]),
        [MessageResult::DeadLetter, MessageResult::Ack]
    );
    assert_eq!(fixture.dead_letter_reason(), "no such athlete");
    assert_eq!(fixture.rows().len(), 1);
}

#[test]
fn requested_notification_is_a_row_with_its_data() {
    let fixture = Fixture::new();
    assert_eq!(
        fixture.consume(&[notification("weekly_report", "Your week")]),
        [MessageResult::Ack]
    );
    let row = fixture
        .database
        .query("SELECT kind, data, created_at_ms, expires_at_ms, seq FROM notifications");
    assert_eq!(
        row,
        [
            r#"{"created_at_ms":1795435198000,"data":"{\"workouts\":4}","expires_at_ms":1826971198000,"kind":"weekly_report","seq":1}"#
        ]
    );
}

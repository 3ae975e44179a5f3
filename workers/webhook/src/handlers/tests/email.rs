//! Emails: retries, claims, quiet hours and limits.

use super::*;

#[test]
fn rejected_email_is_retried_four_times_with_growing_delays() {
    let fixture = Fixture::new();
    fixture.mailer.fail_next(5);
    let rejected = Some("email not accepted: email service unavailable");
    let check = |tries: i64, due: Option<i64>| {
        assert_eq!(fixture.rows(), [row_with(OVER_MRV, true, tries, due, false, rejected)]);
    };
    assert_eq!(
        fixture.consume(&[pattern(1, 0.9, 1)]),
        [MessageResult::Ack],
        "the row is the outbox"
    );
    check(1, Some(1));
    fixture.send_due_emails();
    check(1, Some(1));
    for (pause, tries, due) in
        [(1, 2, Some(6)), (5, 3, Some(36)), (30, 4, Some(156)), (120, 5, None)]
    {
        fixture.advance_minutes(pause);
        fixture.send_due_emails();
        check(tries, due);
    }
    fixture.advance_minutes(24 * 60);
    fixture.consume(&[pattern(1, 0.9, 1)]);
    fixture.send_due_emails();
    assert_eq!(fixture.emails(), 0);
}

#[test]
fn rejected_email_is_sent_by_the_next_retry() {
    let fixture = Fixture::new();
    fixture.mailer.fail_next(1);
    fixture.consume(&[pattern(1, 0.9, 1)]);
    fixture.advance_minutes(1);
    fixture.send_due_emails();
    assert_eq!(fixture.rows(), [row(OVER_MRV, true, 2, None, true)]);
    assert_eq!(fixture.emails(), 1);
}

#[test]
fn used_up_quota_holds_emails_for_a_day() {
    let fixture = Fixture::new();
    fixture.mailer.fail_next_with("E_DAILY_LIMIT_EXCEEDED", 1);
    let batch = ["A", "B"].map(|title| notification("weekly_report", title));
    assert_eq!(fixture.consume(&batch), [MessageResult::Ack; 2]);
    let report = NotificationKind::WeeklyReport;
    let error = "email not accepted: E_DAILY_LIMIT_EXCEEDED: email service unavailable";
    let held = row_with(report, true, 0, Some(24 * 60), false, Some(error));
    assert_eq!(fixture.rows(), [held.clone(), held], "the second one was not tried");
    fixture.advance_minutes(24 * 60 - 1);
    fixture.send_due_emails();
    assert_eq!(fixture.emails(), 0);
    fixture.advance_minutes(1);
    fixture.send_due_emails();
    assert_eq!(fixture.emails(), 2);
    let sent = row(report, true, 1, None, true);
    assert_eq!(fixture.rows(), [sent.clone(), sent], "a hold is no attempt");
}

#[test]
fn held_email_is_dropped_when_its_notification_is_old() {
    let fixture = Fixture::new();
    fixture.mailer.fail_next_with("E_DAILY_LIMIT_EXCEEDED", 100);
    fixture.consume(&[pattern(1, 0.9, 1)]);
    for _ in 0..6 {
        fixture.advance_minutes(24 * 60);
        fixture.send_due_emails();
    }
    let error = "email not accepted: E_DAILY_LIMIT_EXCEEDED: email service unavailable";
    assert_eq!(fixture.rows(), [row_with(OVER_MRV, true, 1, None, false, Some(error))]);
}

#[test]
fn email_to_a_suppressed_address_is_never_retried() {
    let fixture = Fixture::new();
    fixture.mailer.fail_next_with("E_RECIPIENT_SUPPRESSED", 1);
    fixture.consume(&[notification("weekly_report", "A"), notification("weekly_report", "B")]);
    let report = NotificationKind::WeeklyReport;
    let error = "email not accepted: E_RECIPIENT_SUPPRESSED: email service unavailable";
    let dropped = row_with(report, true, 1, None, false, Some(error));
    assert_eq!(fixture.rows(), [dropped, row(report, true, 1, None, true)]);
    fixture.advance_minutes(24 * 60);
    fixture.send_due_emails();
    assert_eq!(fixture.emails(), 1, "another email of the batch is sent");
}

#[test]
fn claim_expires_after_a_minute() {
    let fixture = Fixture::new();
    fixture.database.execute(
        "CREATE TRIGGER lost BEFORE UPDATE OF mailed_at_ms ON notifications \
         BEGIN SELECT raise(ABORT, 'no such table: disk'); END",
    );
    fixture.mailer.fail_next(1);
    assert_eq!(fixture.consume(&[pattern(1, 0.9, 1)]), [MessageResult::Ack]);
    fixture.database.execute("DROP TRIGGER lost");
    assert_eq!(fixture.rows(), [row(OVER_MRV, true, 1, Some(1), false)]);
    fixture.clock.advance_ms(MINUTE_MS - 1);
    fixture.consume(&[pattern(1, 0.9, 2)]);
    fixture.send_due_emails();
    assert_eq!(fixture.emails(), 0, "the claim is held");
    fixture.clock.advance_ms(1);
    fixture.consume(&[pattern(1, 0.9, 3)]);
    assert_eq!(fixture.emails(), 1, "the claim has expired");
    fixture.advance_minutes(2);
    fixture.send_due_emails();
    assert_eq!(fixture.emails(), 0);
}

#[test]
fn sixth_claim_drops_the_email() {
    let fixture = Fixture::new();
    fixture.consume(&[pattern(1, 0.5, 1)]);
    fixture.set_preferences("email_threshold = 0.5");
    fixture
        .database
        .execute(&format!("UPDATE notifications SET mail_attempt = 5, mail_due_at_ms = {NOON_MS}"));
    fixture.send_due_emails();
    assert_eq!(
        fixture.rows(),
        [row_with(OVER_MRV, true, 6, None, false, Some("retries exhausted"))]
    );
    assert_eq!(fixture.emails(), 0);
}

#[test]
fn unrecorded_email_is_sent_twice() {
    let fixture = Fixture::new();
    fixture.database.execute(
        "CREATE TRIGGER lost BEFORE UPDATE OF mailed_at_ms ON notifications \
         BEGIN SELECT raise(ABORT, 'no such table: disk'); END",
    );
    assert_eq!(fixture.consume(&[pattern(1, 0.9, 1)]), [MessageResult::Ack]);
    fixture.database.execute("DROP TRIGGER lost");
    fixture.consume(&[pattern(1, 0.9, 2)]);
    assert_eq!(fixture.emails(), 1);
    fixture.advance_minutes(1);
    fixture.send_due_emails();
    fixture.advance_minutes(1);
    fixture.send_due_emails();
    assert_eq!(fixture.emails(), 1, "docs/adr/0007-mail-claims.md");
}

#[test]
fn database_errors_lose_no_row_and_no_email() {
    let check = |passing: usize, fault: DatabaseFault| {
        let fixture = Fixture::new();
        fixture.database.fail_after(passing, fault);
        for attempt in 1..=2 {
            fixture.consume(&[pattern(1, 0.9, attempt)]);
        }
        fixture.advance_minutes(1);
        fixture.send_due_emails();
        assert_eq!(fixture.rows().len(), 1, "{passing} {fault:?}");
        assert!(fixture.rows()[0].contains(r#""mailed":1"#), "{passing} {fault:?}");
        assert_eq!(fixture.emails(), 1, "{passing} {fault:?}");
    };
    for passing in 0..4 {
        check(passing, DatabaseFault::BeforeCommit);
        check(passing, DatabaseFault::AfterCommit);
    }
}

#[test]
fn due_emails_are_retried_after_database_errors() {
    let check = |passing: usize, fault: DatabaseFault, expected: MessageResult| {
        let fixture = Fixture::new();
        fixture.mailer.fail_next(1);
        fixture.consume(&[pattern(1, 0.9, 1)]);
        fixture.advance_minutes(1);
        fixture.database.fail_after(passing, fault);
        let due = message(MailFellDue { athlete_id: athlete_id(1) });
        assert_eq!(fixture.consume(std::slice::from_ref(&due)), [expected], "{passing} {fault:?}");
        fixture.advance_minutes(1);
        assert_eq!(fixture.consume(&[due.clone(), due]), [MessageResult::Ack; 2]);
        assert_eq!(fixture.emails(), 1, "{passing} {fault:?}");
    };
    check(0, DatabaseFault::BeforeCommit, MessageResult::Retry { delay_s: 1 });
    check(0, DatabaseFault::AfterCommit, MessageResult::Retry { delay_s: 1 });
    check(1, DatabaseFault::BeforeCommit, MessageResult::Ack);
    check(1, DatabaseFault::AfterCommit, MessageResult::Ack);
}

#[test]
fn quiet_hours_delay_the_email_and_not_the_row() {
    let fixture = Fixture::new();
    // It is 13:00 in Berlin; quiet until 13:30 there.
    fixture.set_preferences(
        r#"time_zone = 'Europe/Berlin', quiet_hours = '{"from":"12:00","to":"13:30"}'"#,
    );
    fixture.consume(&[pattern(1, 0.9, 1)]);
    assert_eq!(fixture.rows(), [row(OVER_MRV, true, 0, Some(30), false)]);
    fixture.advance_minutes(29);
    fixture.send_due_emails();
    fixture.consume(&[pattern(1, 0.9, 2)]);
    assert_eq!(fixture.emails(), 0);
    fixture.advance_minutes(1);
    fixture.send_due_emails();
    assert_eq!(fixture.rows(), [row(OVER_MRV, true, 1, None, true)]);
    assert_eq!(fixture.emails(), 1);
}

#[test]
fn delayed_email_follows_the_preferences_at_its_due_time() {
    let check = |settings: &str, expected: String| {
        let fixture = Fixture::new();
        fixture.mailer.fail_next(1);
        fixture.consume(&[pattern(1, 0.9, 1)]);
        fixture.advance_minutes(1);
        fixture.set_preferences(settings);
        fixture.send_due_emails();
        assert_eq!(fixture.rows(), [expected], "{settings}");
        assert_eq!(fixture.emails(), 0, "{settings}");
    };
    let dropped = |reason| row_with(OVER_MRV, true, 2, None, false, Some(reason));
    check("email = NULL", dropped("no email address"));
    check(
        r#"channels = '{"volume_above_mrv":{"email":false}}'"#,
        dropped("emails of this kind are disabled"),
    );
    check("daily_mail_limit = 0", dropped("over the daily limit"));
    check(
        r#"quiet_hours = '{"from":"12:00","to":"12:10"}'"#,
        row(OVER_MRV, true, 1, Some(10), false),
    );
}

#[test]
fn daily_limit_applies_to_the_local_day() {
    let fixture = Fixture::new();
    fixture.set_preferences("daily_mail_limit = 2, time_zone = 'Asia/Tokyo'");
    let reports = |titles: &[&str]| {
        let batch: Vec<_> =
            titles.iter().map(|title| notification("weekly_report", title)).collect();
        fixture.consume(&batch);
        fixture.emails()
    };
    assert_eq!(reports(&["A"]), 1);
    assert_eq!(reports(&["A", "B", "C"]), 1, "a duplicate does not count");
    assert_eq!(reports(&["D"]), 0);
    let report = NotificationKind::WeeklyReport;
    let over = Some("over the daily limit");
    assert_eq!(fixture.rows()[3], row_with(report, true, 1, None, false, over));
    assert_eq!(fixture.rows().len(), 4, "every one is in the inbox");
    // 24:00 in Tokyo.
    fixture.clock.advance_ms(3 * HOUR_MS - 1);
    assert_eq!(reports(&["E"]), 0);
    fixture.clock.advance_ms(1);
    assert_eq!(reports(&["F", "G", "H"]), 2);
}

#[test]
fn email_is_postponed_when_half_its_claim_has_passed() {
    let fixture = Fixture::with_slow_mailer(20_000);
    let batch: Vec<_> =
        ["A", "B", "C", "D"].iter().map(|title| notification("weekly_report", title)).collect();
    fixture.consume(&batch);
    assert_eq!(fixture.emails(), 2, "20 s leave half of the claim, 40 s do not");
    let report = NotificationKind::WeeklyReport;
    assert_eq!(
        fixture.rows()[3],
        row(report, true, 0, Some(0), false),
        "it does not count as an attempt"
    );
    fixture.send_due_emails();
    assert_eq!(fixture.emails(), 2);
}

#[test]
fn slow_database_counts_against_the_claim() {
    let report = NotificationKind::WeeklyReport;
    let check = |latency_ms: i64, emails: usize, row: String| {
        let fixture = Fixture::new();
        fixture.database_latency_ms.set(latency_ms);
        fixture.consume(&[notification("weekly_report", "A")]);
        assert_eq!((fixture.emails(), fixture.rows()), (emails, vec![row]), "new, {latency_ms} ms");
    };
    // There are two round trips between the claim and the first email.
    check(14_999, 1, row(report, true, 1, None, true));
    check(30_000, 0, row(report, true, 0, Some(1), false));

    let fixture = Fixture::new();
    fixture.mailer.fail_next(1);
    fixture.consume(&[notification("weekly_report", "A")]);
    fixture.advance_minutes(1);
    fixture.database_latency_ms.set(30_000);
    fixture.send_due_emails();
    assert_eq!(fixture.emails(), 0, "half of the claim has passed");
    fixture.database_latency_ms.set(29_999);
    fixture.send_due_emails();
    assert_eq!(fixture.emails(), 1);
}

#[test]
fn at_most_twenty_emails_per_athlete_are_claimed_at_once() {
    let fixture = Fixture::new();
    fixture.set_preferences(
        "daily_mail_limit = 100, quiet_hours = '{\"from\":\"12:00\",\"to\":\"12:30\"}'",
    );
    let batch: Vec<_> =
        (10..35).map(|n| notification("weekly_report", &format!("Week {n}"))).collect();
    fixture.consume(&batch);
    fixture.advance_minutes(30);
    fixture.send_due_emails();
    assert_eq!(fixture.emails(), 20);
    fixture.send_due_emails();
    assert_eq!(fixture.emails(), 5);
}

#[test]
fn event_sends_only_the_emails_of_its_athlete() {
    let fixture = Fixture::new();
    fixture.mailer.fail_next(2);
    fixture.consume(&[pattern(1, 0.9, 1), pattern(2, 0.9, 1)]);
    fixture.advance_minutes(1);
    fixture.send_due_emails();
    let emails = fixture.mailer.take();
    assert_eq!(emails.len(), 1);
    assert_eq!(emails[0].to, "athlete1@example.com");
}

#[test]
fn deleted_athlete_has_no_due_emails() {
    let fixture = Fixture::new();
    let due = message(MailFellDue { athlete_id: athlete_id(9) });
    assert_eq!(fixture.consume(&[due]), [MessageResult::Ack]);
    assert_eq!(fixture.sink.take_dead_letters(Queue::WebhookNotification), []);
}

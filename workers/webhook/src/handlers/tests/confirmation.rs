//! The confirmation of an address: only its link is emailed before, and preferences do not apply to it.

use super::*;
use chrono::{DateTime, Utc};
use shared_kernel::{EmailKind, LinkKey};

fn request() -> RawMessage {
    message(NotificationRequested {
        athlete_id: athlete_id(1),
        kind: EmailKind::Confirmation.as_str().to_owned(),
        title: String::new(),
        body: String::new(),
        date: None,
        data: Map::new(),
    })
}

fn confirmation_row(tries: i64, mailed: i64, error: Option<&str>) -> String {
    serde_json::json!({
        "kind": "email_confirmation", "in_app": 0, "tries": tries, "due": null,
        "mailed": mailed, "error": error,
    })
    .to_string()
}

/// Returns the fixture with an address of the first athlete that is not confirmed.
fn unconfirmed() -> Fixture {
    let fixture = Fixture::new();
    fixture.set_preferences("email_confirmed = 0");
    fixture
}

#[test]
fn confirmation_email_has_a_valid_link_and_nothing_else() {
    let fixture = unconfirmed();
    fixture.create_endpoint(1, "[]");
    assert_eq!(fixture.consume(&[request(), request()]), [MessageResult::Ack; 2]);
    assert_eq!(fixture.rows(), [confirmation_row(1, 1, None)]);
    let [email] = &fixture.mailer.take()[..] else { panic!("not one email") };
    assert_eq!(email.to, "athlete1@example.com");
    assert!(!email.text.contains("Athlete 1") && !email.text.contains("Unsubscribe"));
    let (_, token) = email.text.split_once("https://api.example/v1/email/confirm?token=").unwrap();
    let token = token.split_whitespace().next().unwrap();
    let now: DateTime<Utc> = "2026-11-23T12:00:00Z".parse().unwrap();
    let verified = LinkKey::derived_from("secret").unwrap().verify_confirmation(token, now);
    let verified = verified.unwrap();
    assert_eq!(verified.athlete_id, athlete_id(1));
    assert!(verified.is_of("athlete1@example.com"));
    assert_eq!(fixture.consume_published(), 0, "no webhook");
    assert_eq!(fixture.receivers.take().len(), 0);
}

#[test]
fn unconfirmed_address_gets_no_notification() {
    let fixture = unconfirmed();
    fixture.consume(&[pattern(1, 0.9, 1), notification("weekly_report", "A")]);
    assert_eq!(fixture.rows().len(), 2, "both are in the inbox");
    fixture.advance_minutes(60);
    fixture.send_due_emails();
    assert_eq!(fixture.emails(), 0);
}

#[test]
fn changed_address_stops_the_emails_that_wait() {
    let fixture = Fixture::new();
    fixture.mailer.fail_next(1);
    fixture.consume(&[pattern(1, 0.9, 1)]);
    fixture.set_preferences("email = 'new@example.com', email_confirmed = 0");
    fixture.advance_minutes(1);
    fixture.send_due_emails();
    let dropped = Some("email address is not confirmed");
    assert_eq!(fixture.rows(), [row_with(OVER_MRV, true, 2, None, false, dropped)]);
    assert_eq!(fixture.emails(), 0);
}

#[test]
fn confirmation_ignores_quiet_hours_and_the_daily_limit() {
    let fixture = unconfirmed();
    fixture.set_preferences(
        "daily_mail_limit = 0, quiet_hours = '{\"from\":\"11:00\",\"to\":\"13:00\"}'",
    );
    fixture.consume(&[request()]);
    assert_eq!(fixture.emails(), 1);
}

#[test]
fn confirmation_does_not_count_for_the_daily_limit() {
    let fixture = unconfirmed();
    fixture.set_preferences("daily_mail_limit = 1");
    fixture.consume(&[request()]);
    fixture.set_preferences("email_confirmed = 1");
    fixture.consume(&[notification("weekly_report", "A"), notification("weekly_report", "B")]);
    assert_eq!(fixture.emails(), 2, "the link and one report");
}

#[test]
fn rejected_confirmation_is_retried_until_the_address_is_confirmed() {
    let fixture = unconfirmed();
    fixture.mailer.fail_next(2);
    fixture.consume(&[request()]);
    fixture.advance_minutes(1);
    fixture.send_due_emails();
    assert_eq!(fixture.emails(), 0);
    fixture.set_preferences("email_confirmed = 1");
    fixture.advance_minutes(5);
    fixture.send_due_emails();
    let dropped = Some("email address is already confirmed");
    assert_eq!(fixture.rows(), [confirmation_row(3, 0, dropped)]);
    assert_eq!(fixture.emails(), 0);
}

#[test]
fn needless_confirmation_stores_no_row() {
    let fixture = Fixture::new();
    assert_eq!(fixture.consume(&[request()]), [MessageResult::Ack]);
    assert!(fixture.rows().is_empty(), "the address is confirmed");
    let fixture = unconfirmed();
    fixture.advance_minutes(3 * 24 * 60);
    assert_eq!(fixture.consume(&[request()]), [MessageResult::Ack]);
    assert!(fixture.rows().is_empty(), "the request is as old as an expired link");
}

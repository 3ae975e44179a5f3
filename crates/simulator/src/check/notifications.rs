//! Notifications, emails and webhook requests have a cause, none is lost, and none is duplicated.

use super::finished_run::{FinishedRun, Violations};
use super::records;
use crate::database::text;
use crate::log_file::IS_IMPORTED;
use serde_json::Value;
use shared_kernel::payload::{WorkoutChange, WorkoutChanged};
use shared_kernel::{Channel, Event, EventData, EventId, NotificationKind, policy};
use std::collections::{BTreeMap, BTreeSet};
use storage::webhooks::webhook_id;
use training::WeekStart;
use uuid::Uuid;
use webhook::email::EmailContent;

/// The fewest tries after which sending an email may fail for good.
const EMAIL_TRIES_MIN: i64 = 5;
/// The increase of confidence at which a pattern is clearly worse (docs/adr/0018-the-life-of-a-pattern.md).
const CLEARLY_WORSE: f64 = 0.15;

/// Checks each event against its cause and its effects.
pub fn check(run: &FinishedRun<'_>, violations: &mut Violations) {
    let published: BTreeMap<_, _> = run
        .effects
        .published
        .iter()
        .map(|(id, body)| (id.clone(), Event::decode(body).expect("a published event decodes")))
        .collect();
    check_causes(run, &published, violations);
    let notifications = run.rows(
        "SELECT notification.*, athlete.display_name, athlete.email FROM notifications AS notification \
         JOIN athletes AS athlete USING (athlete_id)",
    );
    check_inboxes(&published, &notifications, violations);
    check_duplicates(&notifications, violations);
    check_budget(&notifications, violations);
    let in_order: Vec<_> = run.effects.publish_order.iter().map(|id| &published[id]).collect();
    check_repeated_patterns(&in_order, violations);
    check_marks(run, &published, violations);
    check_emails(run, &notifications, violations);
    check_webhooks(run, &published, &notifications, violations);
    records::check(run, &published, &notifications, violations);
}

/// Checks that every event follows from a workout's revision, from another event, or from the sweep.
fn check_causes(
    run: &FinishedRun<'_>,
    published: &BTreeMap<String, Event>,
    violations: &mut Violations,
) {
    let revisions: BTreeMap<_, _> = run
        .rows("SELECT workout_id, revision FROM workouts")
        .iter()
        .map(|row| (text(row, "workout_id").to_owned(), row["revision"].as_i64().unwrap()))
        .collect();
    for (id, event) in published {
        let body: Value = serde_json::from_str(&run.effects.published[id]).unwrap();
        if let Some(workout) = body["data"].get("workout") {
            let revision = revisions.get(text(workout, "workout_id")).copied().unwrap_or(0);
            violations.require(workout["revision"].as_i64().unwrap() <= revision, || {
                format!("unexpected: {id} is newer than revision {revision}: {workout}")
            });
        } else {
            let is_from_sweep = matches!(
                event.data,
                EventData::TrainingWeekEnded(_)
                    | EventData::MailFellDue(_)
                    | EventData::ImportSliceStored(_)
            );
            let is_published = |cause: EventId| published.contains_key(&cause.to_string());
            violations.require(event.causation_id.map_or(is_from_sweep, is_published), || {
                format!("unexpected: {id} has no cause: {:?}", event.data)
            });
        }
    }
}

/// Checks that the published notifications are in the inboxes, and no others.
fn check_inboxes(
    published: &BTreeMap<String, Event>,
    notifications: &[Value],
    violations: &mut Violations,
) {
    let is_notification = |event: &Event| {
        matches!(
            event.data,
            EventData::NotificationRequested(_) | EventData::TrainingPatternDetected(_)
        )
    };
    let stored: BTreeSet<_> =
        notifications.iter().map(|row| text(row, "notification_id")).collect();
    let expected = published.iter().filter(|(_, event)| is_notification(event));
    let expected: BTreeSet<_> = expected.map(|(id, _)| id.as_str()).collect();
    for lost in expected.difference(&stored) {
        violations.0.push(format!("lost: the notification of {:?}", published[*lost].data));
    }
    for unexpected in stored.difference(&expected) {
        violations.0.push(format!("unexpected: the notification {unexpected}"));
    }
}

/// Checks that an athlete is notified once of each subject, whatever the id of the event.
fn check_duplicates(notifications: &[Value], violations: &mut Violations) {
    let mut counts: BTreeMap<(&str, &str, String), i64> = BTreeMap::new();
    for row in notifications {
        let kind = text(row, "kind");
        let data: Value = serde_json::from_str(text(row, "data")).unwrap();
        let subject = match NotificationKind::parse(kind).unwrap() {
            NotificationKind::Pattern(_) => continue,
            NotificationKind::PatternEnded => data["pattern_id"].clone(),
            NotificationKind::WeeklyReport => data["week_start"].clone(),
            NotificationKind::NewRecord
            | NotificationKind::ImportFinished
            | NotificationKind::WebhookDisabled => data,
        };
        let key = (text(row, "athlete_id"), kind, subject.to_string());
        *counts.entry(key).or_default() += 1;
    }
    for (key, times) in counts {
        violations.require(times == 1, || format!("duplicated: {times} notifications of {key:?}"));
    }
}

/// Checks that no athlete is shown more than the attention budget allows, and that a held notification is neither
/// shown nor emailed.
fn check_budget(notifications: &[Value], violations: &mut Violations) {
    let mut days: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    let mut weeks: BTreeMap<(&str, WeekStart), i64> = BTreeMap::new();
    let mut without_action = Vec::new();
    for row in notifications {
        if row["held"] != 0 {
            let is_hidden = row["held"] == 1
                && row["in_app"] == 0
                && row["mail_due_at_ms"].is_null()
                && row["mailed_at_ms"].is_null();
            violations.require(is_hidden, || format!("unexpected: a held {row} is shown"));
            continue;
        }
        let Some(day) = row["slot_day"].as_str() else { continue };
        let athlete = text(row, "athlete_id");
        *days.entry((athlete, day)).or_default() += 1;
        let week = WeekStart::containing(day.parse().unwrap());
        *weeks.entry((athlete, week)).or_default() += 1;
        if row["slot_rank"].as_i64().unwrap() >= policy::ADVICE_RANK_MIN {
            without_action.push((athlete, week));
        }
    }
    without_action.sort_unstable();
    for pair in without_action.windows(2) {
        let is_apart = pair[0].0 != pair[1].0 || pair[0].1.next() < pair[1].1;
        violations.require(is_apart, || {
            format!("unexpected: two notifications without need of action in two weeks: {pair:?}")
        });
    }
    for (day, shown) in days {
        violations.require(shown <= policy::SHOWN_A_DAY_MAX, || {
            format!("unexpected: {shown} notifications on {day:?}")
        });
    }
    for (week, shown) in weeks {
        violations.require(shown <= policy::SHOWN_A_WEEK_MAX, || {
            format!("unexpected: {shown} notifications in {week:?}")
        });
    }
}

/// Checks that an announcement is repeated only if the pattern is clearly worse than at each one
/// before. (A run is shorter than the four weeks after which an announcement is repeated anyway.) The
/// count in the pattern's row is too low after an announcement whose mark failed, if its week was
/// corrected before the message was redelivered.
fn check_repeated_patterns(in_order: &[&Event], violations: &mut Violations) {
    let mut announced: BTreeMap<Uuid, Vec<f64>> = BTreeMap::new();
    for event in in_order {
        let EventData::TrainingPatternDetected(data) = &event.data else { continue };
        let before = announced.entry(data.pattern_id).or_default();
        let is_worse = before.iter().all(|before| data.confidence >= before + CLEARLY_WORSE);
        violations
            .require(is_worse && (before.is_empty() || data.pattern.policy().can_worsen), || {
                format!("duplicated: {data:?} was announced after {before:?}")
            });
        before.push(data.confidence);
    }
}

/// Checks that every announcement and report that is marked as published was published.
fn check_marks(
    run: &FinishedRun<'_>,
    published: &BTreeMap<String, Event>,
    violations: &mut Violations,
) {
    let mut announced: BTreeMap<Uuid, i64> = BTreeMap::new();
    let mut reported: BTreeSet<(String, String)> = BTreeSet::new();
    for event in published.values() {
        if let EventData::TrainingPatternDetected(data) = &event.data {
            *announced.entry(data.pattern_id).or_default() += 1;
        }
        if let EventData::NotificationRequested(data) = &event.data
            && data.kind == "weekly_report"
        {
            let week = data.data["week_start"].as_str().unwrap().to_owned();
            reported.insert((data.athlete_id.to_string(), week));
        }
    }
    for row in run.rows("SELECT pattern_id, announcements FROM patterns WHERE announced_at_ms > 0")
    {
        let id = text(&row, "pattern_id").parse().unwrap();
        let times = announced.get(&id).copied().unwrap_or(0);
        violations.require(times >= row["announcements"].as_i64().unwrap(), || {
            format!("lost: {row} was announced {times} times")
        });
    }
    for row in run.rows("SELECT athlete_id, week_start FROM weekly_reports") {
        let week = (text(&row, "athlete_id").to_owned(), text(&row, "week_start").to_owned());
        violations.require(reported.contains(&week), || format!("lost: the report of {week:?}"));
    }
}

/// Returns whether an athlete of the simulation gets it by email: by default, or because it is a record.
fn is_emailed(row: &Value) -> bool {
    if row["held"] == 1 {
        return false;
    }
    let kind = NotificationKind::parse(text(row, "kind")).unwrap();
    let is_confident = || {
        let data: Value = serde_json::from_str(text(row, "data")).unwrap();
        data["confidence"].as_f64().unwrap() >= 0.8
    };
    match kind {
        NotificationKind::Pattern(_) => Channel::Email.is_default_for(kind) && is_confident(),
        _ => kind == NotificationKind::NewRecord || Channel::Email.is_default_for(kind),
    }
}

/// Checks that each email was sent once, apart from those that their sender could not record.
fn check_emails(run: &FinishedRun<'_>, notifications: &[Value], violations: &mut Violations) {
    let mut expected: BTreeMap<(String, String), i64> = BTreeMap::new();
    for row in notifications.iter().filter(|row| is_emailed(row)) {
        let is_sent = row["mailed_at_ms"].is_i64();
        let has_failed = row["mail_error"].is_string()
            && row["mail_attempt"].as_i64().unwrap() >= EMAIL_TRIES_MIN;
        violations.require(is_sent || has_failed, || format!("lost: the email of {row}"));
        let content = EmailContent {
            to: text(row, "email"),
            display_name: text(row, "display_name"),
            kind: NotificationKind::parse(text(row, "kind")).unwrap(),
            title: text(row, "title"),
            body: text(row, "body"),
            data: &serde_json::from_str(text(row, "data")).unwrap(),
            unsubscribe_url: "",
        };
        let email = content.render();
        *expected.entry((email.to, email.text)).or_default() += 1;
    }
    let mut recorded: BTreeMap<(String, String), i64> = BTreeMap::new();
    for email in &run.effects.emails {
        let key = (email.to.clone(), email.text.clone());
        violations.require(expected.contains_key(&key), || format!("unexpected: email {key:?}"));
        *recorded.entry(key).or_default() += i64::from(email.is_recorded);
    }
    for (email, times) in recorded {
        let most = expected.get(&email).copied().unwrap_or(0);
        violations.require(times <= most, || {
            format!("duplicated: email {email:?} was sent and recorded {times} times")
        });
    }
}

/// Checks that each webhook received the notifications of its athlete and the changes of its workouts, and
/// nothing else.
fn check_webhooks(
    run: &FinishedRun<'_>,
    published: &BTreeMap<String, Event>,
    notifications: &[Value],
    violations: &mut Violations,
) {
    let none = BTreeSet::new();
    let endpoints = run.rows("SELECT athlete_id, endpoint_id, url FROM webhook_endpoints");
    for athlete in run.athletes {
        let url = &athlete.webhook_url;
        let endpoint = endpoints.iter().find(|row| text(row, "url") == url);
        let endpoint_id: Uuid = text(endpoint.unwrap(), "endpoint_id").parse().unwrap();
        let received = run.effects.received.get(url).unwrap_or(&none);
        let id = |event_id: EventId| webhook_id(endpoint_id, event_id);
        let rows = notifications.iter().filter(|row| row["athlete_id"] == athlete.id.as_str());
        let notified = rows.map(|row| id(text(row, "notification_id").parse().unwrap()));
        let (required, allowed) = announced_workouts(run, published, &athlete.id);
        let mut expected: BTreeSet<_> = notified.chain(required.into_iter().map(id)).collect();
        for lost in expected.difference(received) {
            violations.0.push(format!("lost: {url} did not receive {lost}"));
        }
        expected.extend(allowed.into_iter().map(id));
        for unexpected in received.difference(&expected) {
            violations.0.push(format!("unexpected: {url} received {unexpected}"));
        }
    }
    for (delivery, leases) in &run.effects.recorded_deliveries {
        violations.require(leases.len() == 1, || {
            format!("duplicated: {delivery} was delivered and recorded in {leases:?}")
        });
    }
    let undelivered = run.rows("SELECT * FROM webhook_deliveries WHERE status <> 'delivered'");
    violations.require(undelivered.is_empty(), || format!("lost: {undelivered:?}"));
}

/// Returns the changes of workouts that an athlete's endpoints must have received, and those that they
/// may have: changes that a later one has superseded.
fn announced_workouts(
    run: &FinishedRun<'_>,
    published: &BTreeMap<String, Event>,
    athlete_id: &str,
) -> (Vec<EventId>, Vec<EventId>) {
    let changed = |event: &Event| match event.data {
        EventData::WorkoutChanged(data) => {
            (data.athlete_id.to_string() == athlete_id).then_some(event.id)
        }
        _ => None,
    };
    let allowed: Vec<_> = published.values().filter_map(changed).collect();
    let current = run.rows(&format!(
        "SELECT * FROM workouts WHERE athlete_id = '{athlete_id}' AND completed_revision > 0 \
         AND NOT ({IS_IMPORTED})"
    ));
    let mut required = Vec::new();
    for row in current {
        let id = |revision: &str, change| {
            WorkoutChanged {
                athlete_id: athlete_id.parse().unwrap(),
                workout_id: text(&row, "workout_id").parse().unwrap(),
                revision: row[revision].as_i64().unwrap(),
                change,
            }
            .event_id()
        };
        if row["status"] == "deleted" {
            required.push(id("revision", WorkoutChange::Deleted));
            continue;
        }
        required.push(id("completed_revision", WorkoutChange::Completed));
        if row["revision"] != row["completed_revision"] {
            required.push(id("revision", WorkoutChange::Updated));
        }
    }
    (required, allowed)
}

//! Telling: notifications, mails and posts, each with a cause, none lost, none twice.

use super::{Violations, rows, text};
use crate::run::Simulation;
use serde_json::Value;
use shared_kernel::{Channel, Event, EventData, EventId, NotificationKind};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use webhook::email::EmailContent;

/// The least tries after which a mail may be given up.
const MAIL_TRIES: i64 = 5;
/// What is so much surer is clearly worse (docs/adr/0018-the-life-of-a-pattern.md).
const CLEARLY: f64 = 0.15;

/// Follows each event to what it came to, and back.
pub fn check(run: &Simulation, found: &mut Violations) {
    let effects = run.world.effects.borrow();
    let published: BTreeMap<_, _> = effects
        .published
        .iter()
        .map(|(id, body)| (id.clone(), Event::decode(body).expect("what we publish decodes")))
        .collect();
    check_causes(run, &published, found);
    let news = rows(
        run,
        "SELECT notification.*, athlete.display_name, athlete.email FROM notifications AS notification \
         JOIN athletes AS athlete USING (athlete_id)",
    );
    check_inboxes(&published, &news, found);
    check_once(&news, found);
    let in_order: Vec<_> = effects.order.iter().map(|id| &published[id]).collect();
    check_worse(&in_order, found);
    check_patterns(run, &published, found);
    check_mails(run, &news, found);
    check_posts(run, &news, found);
}

/// Every event follows from another, or from a workout's revision, or it is the sweep's own.
fn check_causes(run: &Simulation, published: &BTreeMap<String, Event>, found: &mut Violations) {
    let revisions: BTreeMap<_, _> = rows(run, "SELECT workout_id, revision FROM workouts")
        .iter()
        .map(|row| (text(row, "workout_id").to_owned(), row["revision"].as_i64().unwrap()))
        .collect();
    for (id, event) in published {
        let workout = match &event.data {
            EventData::TrainingSetRecorded(data) => &data.workout,
            EventData::WorkoutCompleted(data) => &data.workout,
            EventData::WorkoutDeleted(data) => &data.workout,
            EventData::VolumeUpdated(data) => &data.workout,
            EventData::TrainingWeekEnded(_)
            | EventData::MailFellDue(_)
            | EventData::ImportSliceStored(_)
            | EventData::AggregationUpdated(_)
            | EventData::VolumeThresholdReached(_)
            | EventData::TrainingPatternDetected(_)
            | EventData::NotificationRequested(_)
            | EventData::WebhookDeliveryRequested(_) => {
                let is_the_sweeps = matches!(
                    event.data,
                    EventData::TrainingWeekEnded(_) | EventData::MailFellDue(_)
                );
                let is_told = |cause: EventId| published.contains_key(&cause.to_string());
                found.unless(event.causation_id.map_or(is_the_sweeps, is_told), || {
                    format!("unexpected: {id}, {:?}, has no cause", event.data)
                });
                continue;
            }
        };
        let revision = revisions.get(&workout.workout_id.to_string()).copied().unwrap_or(0);
        found.unless(workout.revision <= revision, || {
            format!("unexpected: {id} is of revision {}, of {revision}", workout.revision)
        });
    }
}

/// Each piece of news that was published is in an inbox, and nothing else is.
fn check_inboxes(published: &BTreeMap<String, Event>, news: &[Value], found: &mut Violations) {
    let is_news = |event: &Event| {
        matches!(
            event.data,
            EventData::NotificationRequested(_) | EventData::TrainingPatternDetected(_)
        )
    };
    let told: BTreeSet<_> = news.iter().map(|row| text(row, "notification_id")).collect();
    let wanted: BTreeSet<_> =
        published.iter().filter(|(_, event)| is_news(event)).map(|(id, _)| id.as_str()).collect();
    for lost in wanted.difference(&told) {
        found.0.push(format!("lost: {:?} is in no inbox", published[*lost].data));
    }
    for unexpected in told.difference(&wanted) {
        found.0.push(format!("unexpected: the notification {unexpected}"));
    }
}

/// What one is told is told once: by what it says, not by its id.
fn check_once(news: &[Value], found: &mut Violations) {
    let mut told: BTreeMap<(String, String, String), i64> = BTreeMap::new();
    for row in news {
        let kind = text(row, "kind");
        let data: Value = serde_json::from_str(text(row, "data")).unwrap();
        let what = match NotificationKind::parse(kind).unwrap() {
            NotificationKind::Pattern(_) => continue,
            NotificationKind::PatternEnded => data["pattern_id"].clone(),
            NotificationKind::WeeklyReport => data["week_start"].clone(),
            NotificationKind::NewRecord
            | NotificationKind::ImportFinished
            | NotificationKind::WebhookDisabled => data,
        };
        let what = what.as_str().map_or_else(|| what.to_string(), ToOwned::to_owned);
        *told.entry((text(row, "athlete_id").to_owned(), kind.to_owned(), what)).or_default() += 1;
    }
    for (news, times) in told {
        found.unless(times == 1, || format!("duplicated: {news:?} was told {times} times"));
    }
}

/// A pattern is told again only when it is clearly worse than all that was told of it: a run is
/// shorter than the four weeks after which it is told again anyhow. How often its row says that it
/// was told is no measure: a telling whose mark fails, and whose week is corrected before the message
/// comes again, stays unmarked.
fn check_worse(in_order: &[&Event], found: &mut Violations) {
    let mut told: BTreeMap<Uuid, Vec<f64>> = BTreeMap::new();
    for event in in_order {
        let EventData::TrainingPatternDetected(data) = &event.data else { continue };
        let before = told.entry(data.pattern_id).or_default();
        let is_worse = before.iter().all(|before| data.confidence >= before + CLEARLY);
        found.unless(is_worse && (before.is_empty() || data.pattern.policy().can_worsen), || {
            format!("duplicated: {data:?} was told after {before:?}")
        });
        before.push(data.confidence);
    }
}

/// A pattern that is marked as told was told; a report that is stored was, once.
fn check_patterns(run: &Simulation, published: &BTreeMap<String, Event>, found: &mut Violations) {
    let mut told: BTreeMap<Uuid, i64> = BTreeMap::new();
    let mut reported: BTreeSet<(String, String)> = BTreeSet::new();
    for event in published.values() {
        if let EventData::TrainingPatternDetected(data) = &event.data {
            *told.entry(data.pattern_id).or_default() += 1;
        }
        if let EventData::NotificationRequested(data) = &event.data
            && data.kind == "weekly_report"
        {
            let week = data.data["week_start"].as_str().unwrap().to_owned();
            reported.insert((data.athlete_id.to_string(), week));
        }
    }
    let marked =
        rows(run, "SELECT pattern_id, announcements FROM patterns WHERE announced_at_ms > 0");
    for row in marked {
        let id = text(&row, "pattern_id").parse().unwrap();
        let times = told.get(&id).copied().unwrap_or(0);
        found.unless(times >= row["announcements"].as_i64().unwrap(), || {
            format!("lost: {row} was told {times} times")
        });
    }
    for row in rows(run, "SELECT athlete_id, week_start FROM weekly_reports") {
        let week = (text(&row, "athlete_id").to_owned(), text(&row, "week_start").to_owned());
        found.unless(reported.contains(&week), || format!("lost: the report of {week:?}"));
    }
}

/// Whether an athlete of the simulation gets it by mail: they chose records on top of the defaults.
fn is_mailed(row: &Value) -> bool {
    let kind = NotificationKind::parse(text(row, "kind")).unwrap();
    if matches!(kind, NotificationKind::Pattern(_)) {
        let data: Value = serde_json::from_str(text(row, "data")).unwrap();
        return data["confidence"].as_f64().unwrap() >= 0.8;
    }
    kind == NotificationKind::NewRecord || Channel::Email.is_default_for(kind)
}

/// Each mail went once, but for those whose sender could not record it.
fn check_mails(run: &Simulation, news: &[Value], found: &mut Violations) {
    let mut wanted: BTreeMap<(String, String), i64> = BTreeMap::new();
    for row in news.iter().filter(|row| is_mailed(row)) {
        let was_mailed = row["mailed_at_ms"].is_i64();
        let was_given_up =
            row["mail_error"].is_string() && row["mail_attempt"].as_i64().unwrap() >= MAIL_TRIES;
        found.unless(was_mailed || was_given_up, || format!("lost: the mail of {row}"));
        let content = EmailContent {
            to: text(row, "email"),
            display_name: text(row, "display_name"),
            kind: NotificationKind::parse(text(row, "kind")).unwrap(),
            title: text(row, "title"),
            body: text(row, "body"),
            data: &serde_json::from_str(text(row, "data")).unwrap(),
            unsubscribe_url: "",
        };
        let mail = content.render();
        *wanted.entry((mail.to, mail.text)).or_default() += 1;
    }
    let effects = run.world.effects.borrow();
    let mut recorded: BTreeMap<(String, String), i64> = BTreeMap::new();
    for mail in &effects.mails {
        let key = (mail.to.clone(), mail.text.clone());
        found.unless(wanted.contains_key(&key), || format!("unexpected: the mail {key:?}"));
        *recorded.entry(key).or_default() += i64::from(mail.is_recorded);
    }
    for (mail, times) in recorded {
        let most = wanted.get(&mail).copied().unwrap_or(0);
        found.unless(times <= most, || {
            format!("duplicated: the mail {mail:?} went and was recorded {times} times")
        });
    }
}

/// Each endpoint has each piece of its athlete's news, and no other.
fn check_posts(run: &Simulation, news: &[Value], found: &mut Violations) {
    let effects = run.world.effects.borrow();
    let nothing = BTreeSet::new();
    for athlete in &run.house.athletes {
        let received = effects.received.get(&athlete.url).unwrap_or(&nothing);
        let id = |row: &Value| {
            let id: Uuid = text(row, "notification_id").parse().unwrap();
            format!("msg_{}", id.simple())
        };
        let of_athlete = news.iter().filter(|row| row["athlete_id"] == athlete.id.as_str());
        let wanted: BTreeSet<_> = of_athlete.map(id).collect();
        for lost in wanted.difference(received) {
            found.0.push(format!("lost: {} never had {lost}", athlete.url));
        }
        for unexpected in received.difference(&wanted) {
            found.0.push(format!("unexpected: {} has {unexpected}", athlete.url));
        }
    }
    for (delivery, leases) in effects.arrived.iter().filter(|(_, leases)| leases.len() > 1) {
        found.0.push(format!("duplicated: {delivery} arrived and was recorded in {leases:?}"));
    }
    let undelivered = rows(run, "SELECT * FROM webhook_deliveries WHERE status <> 'delivered'");
    found.unless(undelivered.is_empty(), || format!("lost: {undelivered:?}"));
}

//! The lifecycle of a pattern. A pattern is a finding of the rules about an athlete's training, such as
//! a plateau of a lift (an exercise with a tracked one-rep maximum). This module compares the patterns
//! that an analysis found with the stored ones, and decides what to store and when to notify the athlete.
//!
//! In scope: this decision. Out of scope: finding patterns, see [`crate::rules`]; the texts of
//! notifications, see [`crate::narrator`].
//!
//! The first row that applies decides:
//!
//! | change of a pattern | stored | athlete notified |
//! |---|---|---|
//! | it is found for the first time, and the same was found in another week less than four weeks before | as open | no |
//! | it is found for the first time | as open | yes |
//! | its kind can worsen, and its confidence is 0.15 above that of the last notification | as open | yes |
//! | it is found four weeks or more after the last notification | as open | yes, as a reminder |
//! | it is found, and was resolved before | as open | no |
//! | it is found, and is open | unchanged | no |
//! | it is open, and no longer found | as resolved | only of a plateau that the lift has broken |
//!
//! No analysis notifies of a pattern whose change has to wait for another one: the athlete could do nothing about
//! it. A quiet analysis, such as one after a change of last year's workouts, notifies of nothing, and none notifies
//! of a week that ended more than two weeks before its cause. A pattern that is found for the first time is
//! then stored with no announcement. The next analysis that is not quiet announces it if it still may.
//!
//! [`shared_kernel::policy`] holds the properties of each kind of pattern: whether the athlete is notified
//! of it at all, whether it can worsen, and its lifetime. A pattern of one week has no reminders, and
//! expires two weeks after the end of that week ([`training::calendar::is_recent`]). A pattern of a lift is not resolved in the 14 days
//! after a deload, in which the lift is not judged. A pattern that is found four weeks or more after it was
//! resolved is a new pattern.
//!
//! Confidence is from 0 to 1. Numbers without a source are project defaults.

use crate::history::History;
use crate::rules::{self, Pattern, Scope};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use shared_kernel::AthleteId;
use shared_kernel::payload::PatternKind;
use shared_kernel::policy::Lifetime;
use std::collections::BTreeSet;
use storage::patterns::{KnownPattern, PatternStatus};
use training::WeekStart;
use training::calendar::is_recent;
use uuid::Uuid;

/// The rise of confidence, since the last notification, from which a pattern is worse.
const CONFIDENCE_RISE_MIN: f64 = 0.15;
/// The time between two notifications of a pattern that stays open: a change of the training takes
/// four weeks to show.
const REMINDER_INTERVAL: TimeDelta = TimeDelta::weeks(4);
/// The time after its resolution within which a pattern that is found once more is the same pattern.
const REOPEN_WINDOW: TimeDelta = TimeDelta::weeks(4);
/// A lift breaks its plateau by exceeding the plateau's best by this factor, as in
/// [`crate::rules::plateau`].
const PLATEAU_BROKEN_FACTOR: f64 = 1.005;

/// A change of a pattern, to be stored.
#[derive(Clone, Debug, PartialEq)]
pub enum Transition {
    /// The pattern is found, and is stored as open.
    Active {
        /// The pattern as found. If the athlete is not notified of it now but was before, its
        /// confidence is that of the last notification.
        pattern: Pattern,
        pattern_id: Uuid,
        /// The number of notifications, this one included. It is 1 for a kind that is never notified.
        announcements: i64,
        is_notified: bool,
    },
    /// The pattern is no longer found, or has expired, and is stored as resolved.
    Resolved { stored: KnownPattern, is_notified: bool },
}

/// The time of an analysis, and the weeks that it cannot judge yet.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    pub now: DateTime<Utc>,
    /// Weeks with workouts that are not aggregated yet. An incomplete week can look like a deload, a
    /// planned light week.
    pub pending_weeks: &'a BTreeSet<WeekStart>,
    /// The weeks of changes that are not quiet: none if the athlete is notified of nothing.
    pub notified_weeks: &'a BTreeSet<WeekStart>,
    /// The patterns whose change has to wait for another one, or comes too late: the athlete could do nothing
    /// about them now.
    pub deferred: &'a BTreeSet<Uuid>,
}

/// Returns the transitions of an athlete's patterns: first of those that the rules found within the
/// scope, then of the stored ones that are resolved.
pub fn transitions(
    athlete_id: AthleteId,
    history: &History,
    scope: &Scope,
    stored: &[KnownPattern],
    found: &[Pattern],
    context: Context<'_>,
) -> Vec<Transition> {
    let active = found.iter().filter_map(|pattern| {
        let pattern_id = pattern_id(athlete_id, pattern, stored, context.now);
        let before = stored.iter().find(|stored| stored.pattern_id == pattern_id);
        let is_repeat =
            before.is_none_or(|before| before.announcements == 0) && is_repeat(pattern, stored);
        active_transition(pattern, pattern_id, before, is_repeat, context)
    });
    let weeks = rules::weeks_in_scope(history, scope);
    let is_after_deload = rules::is_after_deload(history);
    // An analysis that is limited to some muscles resolves nothing: it does not apply all rules.
    let can_resolve = |stored: &KnownPattern| {
        scope.muscles.is_none()
            && match stored.kind.policy().lifetime {
                Lifetime::OneWeek => weeks.contains(&stored.since),
                Lifetime::UntilResolved => true,
                Lifetime::UntilResolvedOutsideDeload => !is_after_deload,
            }
    };
    let is_found = |stored: &KnownPattern| {
        found.iter().any(|pattern| is_same_pattern(athlete_id, pattern, stored))
    };
    let resolved = stored
        .iter()
        .filter(|stored| stored.status == PatternStatus::Open)
        .filter(|stored| {
            is_expired(stored.kind, stored.since, context.now)
                || can_resolve(stored) && !is_found(stored)
        })
        .map(|stored| Transition::Resolved {
            stored: stored.clone(),
            is_notified: !context.notified_weeks.is_empty()
                && stored.announcements > 0
                && is_broken_plateau(stored, history, found),
        });
    active.chain(resolved).collect()
}

/// Returns the id of a pattern that was found.
///
/// 1. A pattern of one week: the id derived from that week.
/// 2. A pattern of the same kind and subject is stored as open, or was resolved less than four weeks
///    ago: its id.
/// 3. Otherwise a new id, derived from that of the last such pattern, so that two analyses at the
///    same time give the same id.
pub fn pattern_id(
    athlete_id: AthleteId,
    pattern: &Pattern,
    stored: &[KnownPattern],
    now: DateTime<Utc>,
) -> Uuid {
    if pattern.kind.lasts_one_week() {
        return pattern.id_of_week(athlete_id);
    }
    let same = || stored.iter().filter(|stored| is_same_pattern(athlete_id, pattern, stored));
    let is_open = |stored: &&KnownPattern| stored.status == PatternStatus::Open;
    let last = same().max_by_key(|stored| stored.resolved_at_ms);
    let is_recent = |stored: &&KnownPattern| {
        let resolved = DateTime::from_timestamp_millis(stored.resolved_at_ms.unwrap_or(0));
        now - resolved.unwrap_or_default() < REOPEN_WINDOW
    };
    match same().find(is_open).or_else(|| last.filter(is_recent)) {
        Some(stored) => stored.pattern_id,
        None => pattern.id_after(athlete_id, last.map(|stored| stored.pattern_id)),
    }
}

/// Returns the transition of a pattern that was found; `None` when nothing is to be stored.
fn active_transition(
    pattern: &Pattern,
    pattern_id: Uuid,
    before: Option<&KnownPattern>,
    is_repeat: bool,
    Context { now, pending_weeks, notified_weeks, deferred }: Context<'_>,
) -> Option<Transition> {
    let policy = pattern.kind.policy();
    let is_in_time =
        !is_expired(pattern.kind, pattern.since, now) || notified_weeks.contains(&pattern.since);
    let may_notify = policy.is_notified
        && !notified_weeks.is_empty()
        && is_in_time
        && !is_repeat
        && !deferred.contains(&pattern_id);
    let active = |confidence, announcements, is_notified| {
        let pattern = Pattern { confidence, ..pattern.clone() };
        Some(Transition::Active { pattern, pattern_id, announcements, is_notified })
    };
    let Some(before) = before else {
        let may_be_incomplete =
            pattern.kind == PatternKind::DeloadTaken && pending_weeks.contains(&pattern.since);
        let announcements = i64::from(may_notify || !policy.is_notified);
        let first = || active(pattern.confidence, announcements, may_notify);
        return if may_be_incomplete { None } else { first() };
    };
    let notified_at = DateTime::from_timestamp_millis(before.announced_at_ms).unwrap_or_default();
    let is_worse =
        policy.can_worsen && pattern.confidence >= before.confidence + CONFIDENCE_RISE_MIN;
    let is_reminder_due = pattern.kind.has_reminders()
        && !pattern.kind.lasts_one_week()
        && now - notified_at >= REMINDER_INTERVAL;
    let is_first = before.announcements == 0;
    if may_notify && (is_first || is_worse || is_reminder_due) {
        return active(pattern.confidence, before.announcements + 1, true);
    }
    match before.status {
        PatternStatus::Resolved if !is_expired(pattern.kind, pattern.since, now) => {
            let notified_confidence = policy.is_notified.then_some(before.confidence);
            let confidence = notified_confidence.unwrap_or(pattern.confidence);
            active(confidence, before.announcements, false)
        }
        PatternStatus::Open | PatternStatus::Resolved => None,
    }
}

/// Whether the athlete was notified of the same finding in one of the four weeks before. It is in the weekly report
/// then: a change of the training takes four weeks to show.
fn is_repeat(found: &Pattern, stored: &[KnownPattern]) -> bool {
    let is_recent = |since: WeekStart| {
        let age = found.since.date() - since.date();
        age > TimeDelta::zero() && age < REMINDER_INTERVAL
    };
    found.kind.lasts_one_week()
        && stored.iter().any(|stored| {
            stored.kind == found.kind
                && stored.subject == found.subject.as_str()
                && stored.announcements > 0
                && is_recent(stored.since)
        })
}

/// Whether a stored pattern and one that was found are the same: of the same week for a kind that lasts one
/// week, of the same kind and subject (a muscle, a lift, or the training as a whole) otherwise.
fn is_same_pattern(athlete_id: AthleteId, found: &Pattern, stored: &KnownPattern) -> bool {
    if found.kind.lasts_one_week() {
        return stored.pattern_id == found.id_of_week(athlete_id);
    }
    stored.kind == found.kind && stored.subject == found.subject.as_str()
}

/// Whether a pattern belongs to a week that is too long ago to notify about.
fn is_expired(kind: PatternKind, since: WeekStart, now: DateTime<Utc>) -> bool {
    kind.lasts_one_week() && !is_recent(since.last_day(), now)
}

/// Whether the stored pattern is a plateau that its lift has broken: a workout after those of the plateau
/// exceeds the plateau's best one-rep maximum by [`PLATEAU_BROKEN_FACTOR`], and the lift is not falling.
fn is_broken_plateau(stored: &KnownPattern, history: &History, found: &[Pattern]) -> bool {
    let best_kg = stored.evidence.get("e1rm_best_kg").and_then(Value::as_f64);
    let last_seen = stored.evidence.get("last_session").and_then(Value::as_str).unwrap_or_default();
    let is_regression = |pattern: &Pattern| {
        pattern.kind == PatternKind::Regression && pattern.subject.as_str() == stored.subject
    };
    let newest = rules::newest_maximum(history, &stored.subject);
    stored.kind == PatternKind::Plateau
        && !found.iter().any(is_regression)
        && best_kg.zip(newest).is_some_and(|(best_kg, (date, newest))| {
            newest.kg() > best_kg * PLATEAU_BROKEN_FACTOR && date.to_string().as_str() > last_seen
        })
}

#[cfg(test)]
mod tests;

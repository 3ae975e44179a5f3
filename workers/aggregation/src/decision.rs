//! The decision after a change of the ledger: the events to publish, and the marks to store once they
//! are published. It does no I/O.

use crate::publisher::{
    WeekCause, aggregation_updated, records_broken, volume_threshold_reached, workout_changed,
};
use crate::records::broken_records;
use crate::thresholds::{crossing_bits, new_crossings};
use chrono::{DateTime, Utc};
use shared_kernel::payload::{WorkoutChange, WorkoutChanged};
use shared_kernel::{AthleteId, Event, EventData, WorkoutId};
use std::collections::BTreeMap;
use storage::ledger::{LedgerEntry, LedgerMarks, LedgerUpdate, ObservedWorkout, WeekState};
use storage::records::HeldRecord;
use training::WeekStart;
use training::calendar::is_recent;

/// The new ledger entry of a workout, with the event that caused it.
pub struct Change<'a> {
    pub entry: LedgerEntry,
    pub cause: &'a Event,
}

impl Change<'_> {
    /// The workout's key.
    pub const fn key(&self) -> (AthleteId, WorkoutId) {
        (self.entry.athlete_id, self.entry.workout_id)
    }

    /// Whether the athlete is notified of what it changed in a week.
    fn is_recent_in(&self, week: WeekStart) -> bool {
        let is_deletion = matches!(self.cause.data, EventData::WorkoutDeleted(_));
        !is_deletion && is_recent(week.last_day(), self.cause.time)
    }
}

/// The events to publish, and the marks to store afterwards.
pub struct Decision {
    pub events: Vec<Event>,
    pub marks: LedgerMarks,
}

/// Creates one event for each changed week, one more if a recent change crossed landmarks in it, one for each revision
/// of a workout that broke records, and those that endpoints receive about workouts. A week that only workouts in progress
/// have changed has no event until one of them is completed: it is analyzed once, not after each set.
pub fn decide(changes: &[&Change<'_>], update: &LedgerUpdate, now: DateTime<Utc>) -> Decision {
    let aggregated = changes
        .iter()
        .map(|change| (change.entry.athlete_id, change.entry.workout_id, change.entry.revision))
        .collect();
    let mut decision =
        Decision { events: Vec::new(), marks: LedgerMarks { aggregated, announced: Vec::new() } };
    for week in &update.weeks {
        let Some(cause) = cause_of(week, changes) else {
            continue;
        };
        decision.events.push(aggregation_updated(week, cause, now));
        let crossings = if cause.is_quiet { Vec::new() } else { new_crossings(week) };
        if !crossings.is_empty() {
            let bits = crossing_bits(&crossings);
            decision.marks.announced.push((week.athlete_id, week.week_start, bits));
            decision.events.push(volume_threshold_reached(week, crossings, cause.event, now));
        }
    }
    for change in changes {
        decision.events.extend(record_events(change, &update.records, now));
        let is_of = |observed: &&ObservedWorkout| {
            (observed.athlete_id, observed.workout_id) == change.key()
        };
        let observed = update.observed.iter().find(is_of);
        let announced =
            observed.map(|observed| workout_changes(change, observed)).unwrap_or_default();
        decision.events.extend(announced.iter().map(|data| workout_changed(*data, change.cause)));
    }
    decision
}

/// Returns one event for each revision, up to that of the change, whose records are not announced yet: mostly
/// that of the change.
fn record_events(change: &Change<'_>, held: &[HeldRecord], now: DateTime<Utc>) -> Vec<Event> {
    let mut by_revision: BTreeMap<i64, Vec<&HeldRecord>> = BTreeMap::new();
    for record in held {
        let is_of_change = (record.athlete_id, record.workout_id) == change.key();
        if is_of_change && record.revision <= change.entry.revision {
            by_revision.entry(record.revision).or_default().push(record);
        }
    }
    let event = |(revision, held): (i64, Vec<&HeldRecord>)| {
        let records = broken_records(held.into_iter(), change.cause);
        let (id, date) = (change.entry.workout_id, change.entry.local_date);
        let broken = || records_broken((id, revision), &records, date, change.cause, now);
        (!records.is_empty()).then(broken)
    };
    by_revision.into_iter().filter_map(event).collect()
}

/// Returns the changes of a workout that its endpoints receive: none while it is in progress, and none
/// that are published. The stored revisions decide, not the kind of message: if the message of the
/// completion was lost, or is older than another one of its batch, the completion is announced all the same.
fn workout_changes(change: &Change<'_>, observed: &ObservedWorkout) -> Vec<WorkoutChanged> {
    let ObservedWorkout { athlete_id, workout_id, aggregated_revision, completed_revision } =
        *observed;
    let revision = change.entry.revision;
    if completed_revision == 0 || revision <= aggregated_revision || revision < completed_revision {
        return Vec::new();
    }
    let changed = |revision, change| WorkoutChanged { athlete_id, workout_id, revision, change };
    if matches!(change.cause.data, EventData::WorkoutDeleted(_)) {
        return vec![changed(revision, WorkoutChange::Deleted)];
    }
    let completed = (completed_revision > aggregated_revision)
        .then(|| changed(completed_revision, WorkoutChange::Completed));
    let updated =
        (revision > completed_revision).then(|| changed(revision, WorkoutChange::Updated));
    completed.into_iter().chain(updated).collect()
}

/// The event that changed a week: one about a completed or deleted workout in that week, a recent one first, or, if a
/// workout moved out of it, any event of the athlete. `None` if all its changes are of workouts in progress.
fn cause_of<'a>(week: &WeekState, changes: &[&Change<'a>]) -> Option<WeekCause<'a>> {
    let mut of_athlete = changes.iter().filter(|change| change.entry.athlete_id == week.athlete_id);
    let is_in_week =
        |change: &&&Change<'_>| WeekStart::containing(change.entry.local_date) == week.week_start;
    let is_complete =
        |change: &&&Change<'_>| !matches!(change.cause.data, EventData::TrainingSetRecorded(_));
    let in_week = of_athlete.clone().filter(is_in_week);
    let cause = if in_week.clone().next().is_some() {
        let mut complete = in_week.filter(is_complete);
        let recent = complete.clone().rfind(|change| change.is_recent_in(week.week_start));
        recent.map(|change| (change, false)).or_else(|| Some((complete.next_back()?, true)))
    } else {
        Some((of_athlete.next_back()?, true))
    };
    cause.map(|(change, is_quiet)| WeekCause { event: change.cause, is_quiet })
}

#[cfg(test)]
mod tests;

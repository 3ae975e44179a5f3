//! The events that carry a workout, handled as one set: all four change the same ledger, so the cost of
//! a batch does not depend on the number of event types in it. The file of each event type states
//! the ledger entry that follows from it.

use crate::decision::{Change, Decision, decide};
use crate::publisher::AggregationEventPublisher;
use crate::records::is_recent;
use async_trait::async_trait;
use platform::handler::ReceivedEvent;
use platform::{Clock, GroupHandler};
use shared_kernel::{AthleteId, Event, EventData, EventType, Outcome, Payload, WorkoutId};
use std::collections::BTreeMap;
use std::rc::Rc;
use storage::database::write_splitting;
use storage::ledger::{self, LedgerEntry, WeekState};
use storage::{Database, Shards};
use training::WeekStart;

/// The ledger entry of an event that carries a workout.
pub(super) trait WorkoutEventHandler<P> {
    /// Whether the workout is complete: only then are its records announced.
    const WORKOUT_IS_COMPLETE: bool;

    /// The ledger entry of the workout; `Err` names the limit that the workout breaks.
    fn ledger_entry(event: &P) -> Result<LedgerEntry, String>;
}

/// An event type with its [`WorkoutEventHandler`].
#[derive(Clone, Copy)]
pub(super) struct WorkoutEvent {
    pub(super) event_type: EventType,
    workout_is_complete: bool,
    ledger_entry: fn(&EventData) -> Option<Result<LedgerEntry, String>>,
}

impl WorkoutEvent {
    pub(super) const fn handled_by<P: Payload, H: WorkoutEventHandler<P>>() -> Self {
        Self {
            event_type: P::TYPE,
            workout_is_complete: H::WORKOUT_IS_COMPLETE,
            ledger_entry: |data| P::of(data).map(H::ledger_entry),
        }
    }
}

/// Handles all events that carry a workout.
///
/// 1. decode: each event becomes a ledger entry; a workout over a limit is dead-lettered;
/// 2. deduplicate: of several events about one workout, only the newest revision is applied;
/// 3. write (await): the ledger, the records, and the days and weeks recomputed from the ledger, in one
///    transaction. A repeat has the revision that is stored, and changes nothing;
/// 4. decide: the landmarks that the weeks crossed, and the records to announce;
/// 5. publish (await): `AggregationUpdated`, `VolumeThresholdReached`, `NotificationRequested`. Their ids
///    are derived from their content, so consumers drop a repeat;
/// 6. mark (await): the workouts as aggregated, the crossings as announced. Marks only rise, so a repeat
///    changes nothing.
///
/// After a crash between two steps the platform redelivers the message, and every step repeats.
pub(super) struct WorkoutEventsHandler {
    pub(super) events: &'static [WorkoutEvent],
    pub(super) shards: Shards,
    pub(super) publisher: AggregationEventPublisher,
    pub(super) clock: Rc<dyn Clock>,
}

type WorkoutKey = (AthleteId, WorkoutId);

#[async_trait(?Send)]
impl GroupHandler for WorkoutEventsHandler {
    async fn handle(&self, received: &[&ReceivedEvent]) -> Vec<Outcome> {
        let entries: Vec<_> =
            received.iter().map(|received| self.decode(&received.event)).collect();
        let mut outcomes: BTreeMap<WorkoutKey, Outcome> = BTreeMap::new();
        for (database, changes) in self.shards.partition(newest_changes(received, &entries)) {
            outcomes.extend(self.apply(database, &changes).await);
        }
        let unhandled = || Outcome::transient("the workout was not handled");
        entries
            .into_iter()
            .map(|entry| match entry {
                Ok(entry) => outcomes
                    .get(&(entry.athlete_id, entry.workout_id))
                    .cloned()
                    .unwrap_or_else(unhandled),
                Err(reason) => Outcome::Permanent { reason },
            })
            .collect()
    }
}

impl WorkoutEventsHandler {
    fn decode(&self, event: &Event) -> Result<LedgerEntry, String> {
        self.events
            .iter()
            .find_map(|workout_event| (workout_event.ledger_entry)(&event.data))
            .unwrap_or_else(|| Err(format!("{:?} carries no workout", event.event_type())))
    }

    /// Steps 3 to 6 in one database: an outcome for each workout.
    async fn apply(
        &self,
        database: &dyn Database,
        changes: &[Change<'_>],
    ) -> Vec<(WorkoutKey, Outcome)> {
        let entries: Vec<_> = changes.iter().map(|change| change.entry.clone()).collect();
        let now = self.clock.now();
        let announced: Vec<_> = changes
            .iter()
            .filter(|change| {
                self.completes_workout(change) && is_recent(change.entry.local_date, now)
            })
            .map(Change::key)
            .collect();
        let written =
            write_splitting(&entries, async |part| ledger::apply(database, part, &announced).await)
                .await;
        let mut outcomes = Vec::new();
        let mut stored = Vec::new();
        let mut weeks = BTreeMap::new();
        let mut broken = Vec::new();
        for (range, result) in written {
            let part = changes.get(range).unwrap_or_default();
            match result {
                Ok(applied) => {
                    stored.extend(part);
                    // A later part was written later: its weeks and records replace those of earlier ones.
                    weeks.extend(applied.weeks.into_iter().map(|week| (week_key(&week), week)));
                    broken = applied.broken;
                }
                Err(error) => {
                    let failed = Outcome::from(error);
                    outcomes.extend(part.iter().map(|change| (change.key(), failed.clone())));
                }
            }
        }
        if stored.is_empty() {
            return outcomes;
        }
        let weeks: Vec<_> = weeks.into_values().collect();
        let decision = decide(&stored, &weeks, &broken, now);
        let outcome = self.publish_and_mark(database, &decision).await;
        outcomes.extend(stored.iter().map(|change| (change.key(), outcome.clone())));
        outcomes
    }

    fn completes_workout(&self, change: &Change<'_>) -> bool {
        let event_type = change.cause.event_type();
        self.events.iter().any(|event| event.event_type == event_type && event.workout_is_complete)
    }

    async fn publish_and_mark(&self, database: &dyn Database, decision: &Decision) -> Outcome {
        if let Err(error) = self.publisher.publish(&decision.events).await {
            return Outcome::transient(error);
        }
        match ledger::mark(database, &decision.marks).await {
            Ok(()) => Outcome::Done,
            Err(error) => error.into(),
        }
    }
}

fn newest_changes<'a>(
    received: &[&'a ReceivedEvent],
    entries: &[Result<LedgerEntry, String>],
) -> Vec<Change<'a>> {
    let mut newest: BTreeMap<WorkoutKey, Change<'a>> = BTreeMap::new();
    for (received, entry) in received.iter().zip(entries) {
        let Ok(entry) = entry else { continue };
        let change = Change { entry: entry.clone(), cause: &received.event };
        let other = newest.get(&change.key());
        if other.is_none_or(|other| other.entry.revision <= entry.revision) {
            newest.insert(change.key(), change);
        }
    }
    newest.into_values().collect()
}

const fn week_key(week: &WeekState) -> (AthleteId, WeekStart) {
    (week.athlete_id, week.week_start)
}

//! Handles the four events that carry a workout together: they change the same ledger, so that all events
//! of a batch share one database write. The file of each event type converts its event to a ledger entry.

use crate::decision::{Change, Decision, decide};
use crate::publisher::AggregationEventPublisher;
use async_trait::async_trait;
use platform::handler::ReceivedEvent;
use platform::{Clock, GroupHandler};
use shared_kernel::{AthleteId, Event, EventData, EventType, Outcome, Payload, WorkoutId};
use std::collections::BTreeMap;
use std::rc::Rc;
use storage::database::write_splitting;
use storage::ledger::{self, LedgerEntry, LedgerUpdate, WeekState};
use storage::shards::concurrently;
use storage::{Database, Shards};
use training::WeekStart;
use training::calendar::is_recent;

/// Converts an event that carries a workout to a ledger entry.
pub(super) trait ToLedgerEntry<P> {
    /// Whether records that the workout breaks are announced: only those of a complete workout are.
    const ANNOUNCES_RECORDS: bool;

    /// The ledger entry; `Err` names the limit that the workout exceeds.
    fn ledger_entry(event: &P) -> Result<LedgerEntry, String>;
}

/// An event type with its conversion.
#[derive(Clone, Copy)]
pub(super) struct WorkoutEventRoute {
    pub(super) event_type: EventType,
    announces_records: bool,
    ledger_entry: fn(&EventData) -> Option<Result<LedgerEntry, String>>,
}

impl WorkoutEventRoute {
    pub(super) const fn to<P: Payload, H: ToLedgerEntry<P>>() -> Self {
        Self {
            event_type: P::TYPE,
            announces_records: H::ANNOUNCES_RECORDS,
            ledger_entry: |data| P::of(data).map(H::ledger_entry),
        }
    }
}

/// Handles all events that carry a workout.
///
/// 1. convert each event to a ledger entry. A workout that exceeds a limit is dead-lettered;
/// 2. of several events about one workout, keep the newest revision. The others get its outcome;
/// 3. write (await) the ledger and the records, and recompute the days and weeks, in one transaction that
///    also returns the affected weeks. A repeat has a stored revision, changes nothing, and gets the same
///    weeks;
/// 4. decide which events follow: see [`decide`];
/// 5. publish (await) `AggregationUpdated`, `VolumeThresholdReached`, `NotificationRequested` and
///    `WorkoutChanged`. A repeat publishes the same ids, and consumers drop it;
/// 6. mark (await) the workouts as aggregated and the crossings as announced. A repeat sets the same marks.
///
/// After a crash the queue redelivers the messages, and the handler repeats all steps.
pub(super) struct WorkoutEventsHandler {
    pub(super) routes: &'static [WorkoutEventRoute],
    pub(super) shards: Shards,
    pub(super) publisher: AggregationEventPublisher,
    pub(super) clock: Rc<dyn Clock>,
}

type WorkoutKey = (AthleteId, WorkoutId);

#[async_trait(?Send)]
impl GroupHandler for WorkoutEventsHandler {
    async fn handle(&self, received: &[&ReceivedEvent]) -> Vec<Outcome> {
        let entries: Vec<_> =
            received.iter().map(|received| self.ledger_entry(&received.event)).collect();
        let parts = self
            .shards
            .partition(newest_changes(received, &entries), |change| change.entry.athlete_id);
        let work = parts.iter().map(|(database, changes)| self.process(*database, changes));
        let outcomes: BTreeMap<WorkoutKey, Outcome> =
            concurrently(work).await.into_iter().flatten().collect();
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
    fn ledger_entry(&self, event: &Event) -> Result<LedgerEntry, String> {
        self.routes
            .iter()
            .find_map(|route| (route.ledger_entry)(&event.data))
            .unwrap_or_else(|| Err(format!("{:?} carries no workout", event.event_type())))
    }

    /// Steps 3 to 6 in one database: an outcome for each workout.
    async fn process(
        &self,
        database: &dyn Database,
        changes: &[Change<'_>],
    ) -> Vec<(WorkoutKey, Outcome)> {
        let entries: Vec<_> = changes.iter().map(|change| change.entry.clone()).collect();
        let now = self.clock.now();
        let with_records: Vec<_> = changes
            .iter()
            .filter(|change| {
                self.announces_records(change)
                    && is_recent(change.entry.local_date, change.cause.time)
            })
            .map(Change::key)
            .collect();
        let written = write_splitting(&entries, async |part| {
            ledger::apply(database, part, &with_records).await
        })
        .await;
        let mut outcomes = Vec::new();
        let mut stored = Vec::new();
        let mut weeks = BTreeMap::new();
        let (mut records, mut observed) = (Vec::new(), Vec::new());
        for (range, result) in written {
            let part = changes.get(range).unwrap_or_default();
            match result {
                Ok(applied) => {
                    stored.extend(part);
                    // A later part was written later, so its weeks replace those of earlier parts.
                    weeks.extend(applied.weeks.into_iter().map(|week| (week_key(&week), week)));
                    records.extend(applied.records);
                    observed.extend(applied.observed);
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
        let update = LedgerUpdate { weeks: weeks.into_values().collect(), records, observed };
        let decision = decide(&stored, &update, now);
        let outcome = self.publish_and_mark(database, &decision).await;
        outcomes.extend(stored.iter().map(|change| (change.key(), outcome.clone())));
        outcomes
    }

    fn announces_records(&self, change: &Change<'_>) -> bool {
        let event_type = change.cause.event_type();
        self.routes.iter().any(|route| route.event_type == event_type && route.announces_records)
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

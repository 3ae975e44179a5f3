//! The handlers of aggregation. All four events about a workout carry a whole snapshot and change
//! the same ledger, so they are handled as one set: what a batch costs does not depend on how many
//! kinds are in it. Each kind's own file says what its event means for the ledger.

mod import_slice_stored;
mod training_set_recorded;
mod volume_updated;
mod workout_completed;
mod workout_deleted;

use crate::publisher::{
    AggregationEventPublisher, aggregation_updated, records_broken, volume_threshold_reached,
};
use crate::records::is_news;
use crate::thresholds::{crossing_bits, new_crossings};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use import_slice_stored::ImportSliceStoredEventHandler;
use platform::handler::ReceivedEvent;
use platform::{Clock, GroupHandler, Registry};
use shared_kernel::payload::WorkoutSnapshot;
use shared_kernel::{AthleteId, Event, EventData, EventType, Outcome, Payload, WorkoutId};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::rc::Rc;
use storage::database::write_splitting;
use storage::records::BrokenRecord;
use storage::volume::{self, LedgerEntry, Marks, WeekState};
use storage::{Database, Shards};
use training::calendar::local_date;
use training::performance::performances;
use training::records::record_candidates;
use training::{Volume, WeekStart, limits};
use training_set_recorded::TrainingSetRecordedEventHandler;
use volume_updated::VolumeUpdatedEventHandler;
use workout_completed::WorkoutCompletedEventHandler;
use workout_deleted::WorkoutDeletedEventHandler;

/// Every handler of this worker.
pub fn registry(
    shards: Shards,
    publisher: AggregationEventPublisher,
    clock: Rc<dyn Clock>,
) -> Registry {
    let types = KINDS.map(|kind| kind.event_type);
    let imports = ImportSliceStoredEventHandler {
        shards: shards.clone(),
        publisher: publisher.clone(),
        clock: Rc::clone(&clock),
    };
    Registry::default()
        .on_group(&types, WorkoutEventHandlers { shards, publisher, clock })
        .on(imports)
}

/// The events about workouts, each with its handler.
const KINDS: [Kind; 4] = [
    Kind::of::<_, TrainingSetRecordedEventHandler>(),
    Kind::of::<_, WorkoutCompletedEventHandler>(),
    Kind::of::<_, WorkoutDeletedEventHandler>(),
    Kind::of::<_, VolumeUpdatedEventHandler>(),
];

/// One kind of event about workouts.
struct Kind {
    event_type: EventType,
    is_of_a_complete_workout: bool,
    ledger_entry: fn(&EventData) -> Option<Result<LedgerEntry, String>>,
}

impl Kind {
    const fn of<P: Payload, H: WorkoutEventHandler<P>>() -> Self {
        Self {
            event_type: P::TYPE,
            is_of_a_complete_workout: H::IS_OF_A_COMPLETE_WORKOUT,
            ledger_entry: |data| P::of(data).map(H::ledger_entry),
        }
    }
}

/// What an event about a workout puts into the ledger. `Err` says which rule it breaks.
trait WorkoutEventHandler<P> {
    /// Whether the workout is one that is over: only its records are told.
    const IS_OF_A_COMPLETE_WORKOUT: bool;

    fn ledger_entry(event: &P) -> Result<LedgerEntry, String>;
}

/// Handles all events about workouts.
///
/// 1. decode: each event becomes its ledger entry; one that breaks a rule is dead-lettered;
/// 2. of several events about a workout, the newest revision stands for all;
/// 3. write (await): the ledger, the records it settles, and the days and weeks summed anew from
///    it, in one transaction. A repeat finds its revision there and changes nothing;
/// 4. decide: which landmarks the weeks have crossed, and which records are news;
/// 5. publish (await): `AggregationUpdated`, `VolumeThresholdReached`, `NotificationRequested`.
///    Their ids are derived from what they say; a repeat collapses downstream;
/// 6. mark (await): the workouts as aggregated, the crossings as announced. Marks only rise; a
///    repeat changes nothing.
///
/// A crash between any two of them leaves the message unsettled: it comes again and repeats all.
struct WorkoutEventHandlers {
    shards: Shards,
    publisher: AggregationEventPublisher,
    clock: Rc<dyn Clock>,
}

/// Far more changes than anybody makes to a workout, and far less than would harm a sum of
/// revisions (ours).
const REVISIONS: RangeInclusive<i64> = 1..=1_000_000;

type Key = (AthleteId, WorkoutId);

/// The newest event about a workout within the batch.
struct Change<'a> {
    entry: LedgerEntry,
    cause: &'a Event,
}

impl Change<'_> {
    fn key(&self) -> Key {
        (self.entry.athlete_id, self.entry.workout_id)
    }

    /// Whether a record that it set is worth telling: the workout is complete, and it was lately.
    fn is_news(&self, now: DateTime<Utc>) -> bool {
        let event_type = self.cause.event_type();
        let complete =
            KINDS.iter().any(|kind| kind.event_type == event_type && kind.is_of_a_complete_workout);
        complete && is_news(self.entry.local_date, now)
    }
}

#[async_trait(?Send)]
impl GroupHandler for WorkoutEventHandlers {
    async fn handle(&self, received: &[&ReceivedEvent]) -> Vec<Outcome> {
        let decoded: Vec<_> = received.iter().map(|received| decode(&received.event)).collect();
        let newest = newest_of_each_workout(received, &decoded);
        let mut outcomes: BTreeMap<Key, Outcome> = BTreeMap::new();
        for (database, changes) in self.shards.partition(newest) {
            outcomes.extend(self.apply(database, &changes).await);
        }
        decoded
            .into_iter()
            .map(|entry| match entry {
                Ok(entry) => outcomes
                    .get(&(entry.athlete_id, entry.workout_id))
                    .cloned()
                    .unwrap_or_else(|| Outcome::transient("its workout was not reached")),
                Err(rule) => Outcome::Permanent { reason: rule },
            })
            .collect()
    }
}

impl WorkoutEventHandlers {
    async fn apply(&self, database: &dyn Database, changes: &[Change<'_>]) -> Vec<(Key, Outcome)> {
        let entries: Vec<_> = changes.iter().map(|change| change.entry.clone()).collect();
        let now = self.clock.now();
        let news_of: Vec<_> =
            changes.iter().filter(|change| change.is_news(now)).map(Change::key).collect();
        let written =
            write_splitting(&entries, async |part| volume::apply(database, part, &news_of).await)
                .await;
        let mut outcomes = Vec::new();
        let mut through = Vec::new();
        let mut weeks = Vec::new();
        let mut broken = Vec::new();
        for (range, result) in written {
            let part = changes.get(range).unwrap_or_default();
            match result {
                Ok(applied) => {
                    through.extend(part);
                    weeks.extend(applied.weeks);
                    // Each part answers for all: what the last one read is how it is.
                    broken = applied.broken;
                }
                Err(error) => {
                    let failed = Outcome::from(error);
                    outcomes.extend(part.iter().map(|change| (change.key(), failed.clone())));
                }
            }
        }
        if through.is_empty() {
            return outcomes;
        }
        let weeks = newest_state_of_each_week(weeks);
        let consequences = decide(&through, &weeks, &broken, now);
        let outcome = self.announce(database, &consequences).await;
        outcomes.extend(through.iter().map(|change| (change.key(), outcome.clone())));
        outcomes
    }

    async fn announce(&self, database: &dyn Database, consequences: &Consequences) -> Outcome {
        if let Err(error) = self.publisher.publish(&consequences.events).await {
            return Outcome::transient(error);
        }
        match volume::mark(database, &consequences.marks).await {
            Ok(()) => Outcome::Done,
            Err(error) => error.into(),
        }
    }
}

/// What the event puts into the ledger, or the rule that it breaks.
fn decode(event: &Event) -> Result<LedgerEntry, String> {
    KINDS
        .iter()
        .find_map(|kind| (kind.ledger_entry)(&event.data))
        .unwrap_or_else(|| Err(format!("{:?} is not about a workout", event.event_type())))
}

/// The entry of a workout that counts.
fn counted(workout: &WorkoutSnapshot) -> Result<LedgerEntry, String> {
    let (exercises, body_weight) = (&workout.exercises, workout.body_weight_grams);
    let entry = uncounted(workout)?;
    Ok(LedgerEntry {
        volume: Volume::of_workout(exercises, body_weight),
        performances: performances(exercises, body_weight),
        bests: record_candidates(exercises, body_weight),
        ..entry
    })
}

/// The entry of a workout that does not count any more.
fn uncounted(workout: &WorkoutSnapshot) -> Result<LedgerEntry, String> {
    if !REVISIONS.contains(&workout.revision) {
        return Err(format!("revision {}, out of bounds", workout.revision));
    }
    if let Some(bound) = limits::first_violation(&workout.exercises, workout.body_weight_grams) {
        return Err(format!("a workout of {bound}"));
    }
    Ok(LedgerEntry {
        athlete_id: workout.athlete_id,
        workout_id: workout.workout_id,
        revision: workout.revision,
        local_date: local_date(workout.started_at),
        volume: Volume::default(),
        performances: BTreeMap::new(),
        bests: BTreeMap::new(),
    })
}

fn newest_of_each_workout<'a>(
    received: &[&'a ReceivedEvent],
    decoded: &[Result<LedgerEntry, String>],
) -> Vec<Change<'a>> {
    let mut newest: BTreeMap<Key, Change<'a>> = BTreeMap::new();
    for (received, entry) in received.iter().zip(decoded) {
        let Ok(entry) = entry else { continue };
        let change = Change { entry: entry.clone(), cause: &received.event };
        let known = newest.get(&change.key());
        if known.is_none_or(|known| known.entry.revision <= entry.revision) {
            newest.insert(change.key(), change);
        }
    }
    newest.into_values().collect()
}

/// A batch that was split has seen a week more than once: the highest version is the last.
fn newest_state_of_each_week(weeks: Vec<WeekState>) -> Vec<WeekState> {
    let mut newest: BTreeMap<(AthleteId, WeekStart), WeekState> = BTreeMap::new();
    for week in weeks {
        // Later parts were written later: what they saw replaces what earlier parts saw.
        newest.insert((week.athlete_id, week.week_start), week);
    }
    newest.into_values().collect()
}

/// What follows from a change of the ledger.
struct Consequences {
    events: Vec<Event>,
    marks: Marks,
}

fn decide(
    changes: &[&Change<'_>],
    weeks: &[WeekState],
    broken: &[BrokenRecord],
    now: DateTime<Utc>,
) -> Consequences {
    let aggregated = changes
        .iter()
        .map(|change| (change.entry.athlete_id, change.entry.workout_id, change.entry.revision))
        .collect();
    let mut consequences =
        Consequences { events: Vec::new(), marks: Marks { aggregated, announced: Vec::new() } };
    for week in weeks {
        let Some(cause) = cause_of(week, changes) else {
            continue;
        };
        consequences.events.push(aggregation_updated(week, cause, now));
        let crossings = new_crossings(week);
        if !crossings.is_empty() {
            let bits = crossing_bits(&crossings);
            consequences.marks.announced.push((week.athlete_id, week.week_start, bits));
            let event = volume_threshold_reached(week, crossings, cause, now);
            consequences.events.push(event);
        }
    }
    for change in changes {
        let of_workout =
            broken.iter().filter(|record| (record.athlete_id, record.workout_id) == change.key());
        let of_workout: Vec<_> = of_workout.collect();
        if !of_workout.is_empty() {
            let event = records_broken(&of_workout, change.entry.local_date, change.cause, now);
            consequences.events.push(event);
        }
    }
    consequences
}

/// The event that changed a week: one of a workout within it, else (a workout moved away from it)
/// any of its athlete.
fn cause_of<'a>(week: &WeekState, changes: &[&Change<'a>]) -> Option<&'a Event> {
    let mut of_athlete = changes.iter().filter(|change| change.entry.athlete_id == week.athlete_id);
    let within = of_athlete
        .clone()
        .rfind(|change| WeekStart::containing(change.entry.local_date) == week.week_start);
    within.or_else(|| of_athlete.next_back()).map(|change| change.cause)
}

#[cfg(test)]
mod tests;

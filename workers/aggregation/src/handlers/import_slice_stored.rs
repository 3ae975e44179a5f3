//! `ImportSliceStoredEventHandler`: stores the workouts of an import slice and adds them to the volume.

use crate::ledger_entry::ledger_entry;
use crate::publisher::{AggregationEventPublisher, import_finished};
use crate::thresholds::{crossing_bits, new_crossings};
use async_trait::async_trait;
use platform::{Clock, Delivery, EventHandler};
use shared_kernel::payload::{ImportSliceStored, WorkoutSnapshot};
use shared_kernel::{AthleteId, Event, Outcome};
use std::collections::BTreeMap;
use std::rc::Rc;
use storage::imports::{
    self, FinishedImport, PagesLeft, Slice, SliceKey, SlicePlan, SliceState, WrittenSession,
};
use storage::ledger::{self, LedgerMarks};
use storage::shards::concurrently;
use storage::{Database, Shards};

/// The bytes of the slices that are loaded from one database at once, at most: two of the largest. With those of
/// five databases, and what is made of them, a batch stays far below the memory of an isolate. A project default.
const LOADED_BYTES_MAX: i64 = 1_100_000;

/// The pages of stored workouts that a batch reads for slices that need more than one, at most. A project default.
const PAGES_MAX: usize = 14;

/// Stores the workouts of import slices and adds them to the volume. A slice is a part of an imported
/// file, small enough for one transaction. An import publishes no event about weeks, landmarks or records;
/// it ends with one notification.
///
/// 1. read (await) the slices of the batch, as many as fit [`LOADED_BYTES_MAX`], and the rest after them;
/// 2. for each slice, one at a time: read (await) the stored workouts of the same times, and decide about
///    each workout ([`imports::decide`]);
/// 3. write (await) the new workouts and those that the file adds to. A workout that has changed since it was read is not
///    written, and the slice is retried. The rows say which import wrote them: a repeat of step 2 finds them, counts
///    them as before, and writes nothing;
/// 4. write (await) the ledger and the records, and recompute the days and weeks. A repeat changes nothing;
/// 5. mark (await) the workouts as aggregated, the crossings as announced, so that no later event
///    announces them, and store the counts of the slice, which also deletes its workouts from its row. A repeat sets
///    the same marks;
/// 6. mark (await) the slices of the batch as done, and finish their imports of which no slice waits. A repeat changes
///    nothing;
/// 7. publish (await) their notifications. The id is derived from the import, and its consumer drops a repeat.
///
/// After a crash the queue redelivers the message, and the handler repeats all steps; a counted slice has
/// no workouts and continues at step 6. Until then it waits, so that the sweep resends its event.
///
/// A slice is 9 statements, and two of the largest are loaded with one: a batch of 100 is at most 956 of the 1,000
/// that D1 allows an invocation, [`PAGES_MAX`], and 30 that the adapter repeats.
pub struct ImportSliceStoredEventHandler {
    pub shards: Shards,
    pub publisher: AggregationEventPublisher,
    pub clock: Rc<dyn Clock>,
}

#[async_trait(?Send)]
impl EventHandler<ImportSliceStored> for ImportSliceStoredEventHandler {
    async fn handle(&self, deliveries: &[Delivery<'_, ImportSliceStored>]) -> Vec<Outcome> {
        let mut causes: BTreeMap<SliceKey, &Event> = BTreeMap::new();
        for delivery in deliveries {
            causes.insert(key(delivery.data), delivery.event);
        }
        let parts = self.shards.partition(causes, |(key, _)| key.athlete_id);
        let pages = PAGES_MAX / parts.len().max(1);
        let work = parts.iter().map(|(database, part)| self.process(*database, part, pages));
        let outcomes: BTreeMap<_, _> = concurrently(work).await.into_iter().flatten().collect();
        let unhandled = || Outcome::transient("the slice was not handled");
        deliveries
            .iter()
            .map(|delivery| outcomes.get(&key(delivery.data)).cloned().unwrap_or_else(unhandled))
            .collect()
    }
}

fn key(data: &ImportSliceStored) -> SliceKey {
    SliceKey { athlete_id: data.athlete_id, import_id: data.import_id, slice: data.slice }
}

impl ImportSliceStoredEventHandler {
    async fn process(
        &self,
        database: &dyn Database,
        causes: &[(SliceKey, &Event)],
        pages: usize,
    ) -> BTreeMap<SliceKey, Outcome> {
        let mut outcomes = BTreeMap::new();
        let (mut rest, mut pages) = (causes.to_vec(), PagesLeft(pages));
        while !rest.is_empty() {
            let keys: Vec<_> = rest.iter().map(|(key, _)| *key).collect();
            let mut slices = match imports::slices(database, &keys, LOADED_BYTES_MAX).await {
                Ok(slices) => slices,
                Err(error) => {
                    let failed = Outcome::from(error);
                    outcomes.extend(keys.into_iter().map(|key| (key, failed.clone())));
                    break;
                }
            };
            let mut not_loaded = Vec::new();
            for (key, cause) in rest {
                let outcome = match slices.remove(&key) {
                    None => Outcome::permanent("unknown slice"),
                    Some(Slice { state: SliceState::Held, .. }) => {
                        Outcome::permanent("the slice waits for a mapping of exercise names")
                    }
                    Some(Slice { workouts: None, .. }) => {
                        not_loaded.push((key, cause));
                        continue;
                    }
                    Some(slice) => {
                        let processed = self.process_slice(database, slice, cause, &mut pages);
                        processed.await.err().unwrap_or(Outcome::Done)
                    }
                };
                outcomes.insert(key, outcome);
            }
            rest = not_loaded;
        }
        self.finish_imports(database, causes, &mut outcomes).await;
        outcomes
    }

    /// Steps 2 to 5.
    async fn process_slice(
        &self,
        database: &dyn Database,
        slice: Slice,
        cause: &Event,
        pages: &mut PagesLeft,
    ) -> Result<(), Outcome> {
        let workouts = slice.workouts.unwrap_or_default();
        if workouts.is_empty() {
            return Ok(());
        }
        let (key, format) = (slice.key, &slice.format);
        let plan = imports::plan_slice(database, key.athlete_id, format, &workouts, pages).await?;
        drop(workouts);
        let SlicePlan { writes, written: mut sessions, counts } =
            plan.ok_or_else(|| Outcome::transient("the batch has read too many stored workouts"))?;
        let planned = sessions.len() + writes.len();
        if !writes.is_empty() {
            let now_ms = self.clock.now_ms();
            let written = imports::write_workouts(database, key, writes, cause.trace, now_ms);
            sessions.extend(written.await?);
        }
        let is_stale = sessions.len() < planned;
        let marks = add_to_volume(database, key.athlete_id, &sessions).await?;
        if is_stale {
            return Err(Outcome::transient("a workout changed while it was compared"));
        }
        Ok(imports::count_slice(database, key, &counts, &marks).await?)
    }

    /// Steps 6 and 7, for the slices that are done.
    async fn finish_imports(
        &self,
        database: &dyn Database,
        causes: &[(SliceKey, &Event)],
        outcomes: &mut BTreeMap<SliceKey, Outcome>,
    ) {
        let is_done = |(key, _): &&(SliceKey, &Event)| outcomes.get(key) == Some(&Outcome::Done);
        let done: Vec<_> = causes.iter().filter(is_done).map(|(key, _)| *key).collect();
        if done.is_empty() {
            return;
        }
        let now = self.clock.now();
        let failed = match imports::finish(database, &done, now.timestamp_millis()).await {
            Ok(finished) => {
                let event = |import: &FinishedImport| {
                    let is_of = |(key, _): &&(SliceKey, &Event)| key.import_id == import.import_id;
                    let cause = causes.iter().find(is_of)?.1;
                    Some(import_finished(import, cause, now))
                };
                let events: Vec<_> = finished.iter().filter_map(event).collect();
                self.publisher.publish(&events).await.err().map(Outcome::transient)
            }
            Err(error) => Some(error.into()),
        };
        if let Some(failed) = failed {
            outcomes.extend(done.into_iter().map(|key| (key, failed.clone())));
        }
    }
}

/// Step 4. Returns the marks of step 5.
async fn add_to_volume(
    database: &dyn Database,
    athlete_id: AthleteId,
    sessions: &[WrittenSession],
) -> Result<LedgerMarks, Outcome> {
    let entries = sessions.iter().map(|session| {
        ledger_entry(&WorkoutSnapshot {
            athlete_id,
            workout_id: session.workout_id,
            revision: session.revision,
            started_at: session.workout.started_at,
            body_weight_grams: session.body_weight_grams,
            exercises: session.workout.performed_exercises(&session.own_exercises),
        })
    });
    let entries = entries.collect::<Result<Vec<_>, _>>().map_err(Outcome::permanent)?;
    if entries.is_empty() {
        return Ok(LedgerMarks::default());
    }
    let weeks = ledger::apply_imported(database, &entries).await?;
    let crossed = weeks.iter().map(|week| (week, crossing_bits(&new_crossings(week))));
    Ok(LedgerMarks {
        aggregated: entries.iter().map(|e| (e.athlete_id, e.workout_id, e.revision)).collect(),
        announced: crossed
            .filter(|(_, bits)| *bits != 0)
            .map(|(week, bits)| (week.athlete_id, week.week_start, bits))
            .collect(),
    })
}

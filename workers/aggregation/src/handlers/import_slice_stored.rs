//! `ImportSliceStoredEventHandler`: stores the workouts of an import slice and adds them to the volume.

use crate::ledger_entry::ledger_entry;
use crate::publisher::{AggregationEventPublisher, import_finished};
use crate::thresholds::{crossing_bits, new_crossings};
use async_trait::async_trait;
use platform::{Clock, Delivery, EventHandler};
use shared_kernel::payload::{ImportSliceStored, WorkoutSnapshot};
use shared_kernel::{Event, Outcome};
use std::collections::BTreeMap;
use std::rc::Rc;
use storage::imports::{self, ImportedWorkout, InsertedWorkout, Slice, SliceKey, SliceState};
use storage::ledger::{self, LedgerEntry, LedgerMarks};
use storage::shards::concurrently;
use storage::workouts::Content;
use storage::{Database, Shards};

/// Stores the workouts of import slices and adds them to the volume. A slice is a part of an imported
/// file, small enough for one transaction. An import publishes no event about weeks, landmarks or records;
/// it ends with one notification.
///
/// 1. read (await) the slices of the batch, in one round trip;
/// 2. for each slice: store (await) the workouts of which the athlete has no duplicate. Their ids are
///    derived from the import: a repeat stores nothing, and gets the workouts that this import stored
///    before;
/// 3. write (await) the ledger and the records, and recompute the days and weeks. A repeat changes nothing;
/// 4. mark (await) the workouts as aggregated, and the crossings as announced, so that no later event
///    announces them. A repeat sets the same marks;
/// 5. finish (await) the slice, which also deletes its workouts from the slice's row. A repeat changes
///    nothing;
/// 6. after the last slice, publish (await) the notification. Its id is derived from the import, and
///    its consumer drops a repeat.
///
/// After a crash the queue redelivers the message, and the handler repeats all steps; a finished slice has
/// no workouts and continues at step 5.
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
        let work = parts.iter().map(|(database, part)| self.process(*database, part));
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
    ) -> Vec<(SliceKey, Outcome)> {
        let keys: Vec<_> = causes.iter().map(|(key, _)| *key).collect();
        let slices = match imports::slices(database, &keys).await {
            Ok(slices) => slices,
            Err(error) => {
                let failed = Outcome::from(error);
                return keys.into_iter().map(|key| (key, failed.clone())).collect();
            }
        };
        let mut outcomes = Vec::new();
        for (key, cause) in causes {
            let outcome = match slices.get(key) {
                None => Outcome::permanent("unknown slice"),
                Some(Slice { state: SliceState::Held, .. }) => {
                    Outcome::permanent("the slice waits for a mapping of exercise names")
                }
                Some(slice) => {
                    self.process_slice(database, slice, cause).await.unwrap_or_else(|failed| failed)
                }
            };
            outcomes.push((*key, outcome));
        }
        outcomes
    }

    async fn process_slice(
        &self,
        database: &dyn Database,
        slice: &Slice,
        cause: &Event,
    ) -> Result<Outcome, Outcome> {
        let imported = self.store_workouts(database, slice, cause).await?;
        let total = slice.workouts.len();
        let now = self.clock.now();
        let import = imports::finish_slice(
            database,
            slice.key,
            saturating_i64(imported),
            saturating_i64(total.saturating_sub(imported)),
            now.timestamp_millis(),
        )
        .await?;
        let Some(import) = import.filter(|import| import.waiting == 0) else {
            return Ok(Outcome::Done);
        };
        let event = import_finished(slice.key.athlete_id, &import, cause, now);
        self.publisher.publish(&[event]).await.map_err(Outcome::transient)?;
        Ok(Outcome::Done)
    }

    /// Steps 2 to 4. Returns the number of workouts that this import stored, repeats included.
    async fn store_workouts(
        &self,
        database: &dyn Database,
        slice: &Slice,
        cause: &Event,
    ) -> Result<usize, Outcome> {
        if slice.workouts.is_empty() {
            return Ok(0);
        }
        let contents = slice
            .workouts
            .iter()
            .map(|imported| Ok((imported, Content::of(&imported.workout)?)))
            .collect::<Result<Vec<_>, serde_json::Error>>()
            .map_err(Outcome::permanent)?;
        let now_ms = self.clock.now_ms();
        let athlete_id = slice.key.athlete_id;
        let inserted =
            imports::insert_workouts(database, athlete_id, &contents, cause.trace, now_ms).await?;
        let entries = entries(slice, &inserted).map_err(Outcome::permanent)?;
        if entries.is_empty() {
            return Ok(0);
        }
        let applied = ledger::apply(database, &entries, &[]).await?;
        let crossed = applied.weeks.iter().map(|week| (week, crossing_bits(&new_crossings(week))));
        let marks = LedgerMarks {
            aggregated: entries.iter().map(|e| (e.athlete_id, e.workout_id, e.revision)).collect(),
            announced: crossed
                .filter(|(_, bits)| *bits != 0)
                .map(|(week, bits)| (week.athlete_id, week.week_start, bits))
                .collect(),
        };
        ledger::mark(database, &marks).await?;
        Ok(entries.len())
    }
}

/// The ledger entries of the stored workouts.
fn entries(slice: &Slice, inserted: &[InsertedWorkout]) -> Result<Vec<LedgerEntry>, String> {
    let by_id: BTreeMap<_, &ImportedWorkout> =
        slice.workouts.iter().map(|imported| (imported.workout_id, imported)).collect();
    inserted
        .iter()
        .filter_map(|inserted| Some((inserted, by_id.get(&inserted.workout_id)?)))
        .map(|(inserted, imported)| {
            ledger_entry(&WorkoutSnapshot {
                athlete_id: slice.key.athlete_id,
                workout_id: inserted.workout_id,
                revision: 1,
                started_at: imported.workout.started_at,
                body_weight_grams: inserted.body_weight_grams,
                exercises: imported.workout.performed_exercises(&imported.own_exercises),
            })
        })
        .collect()
}

fn saturating_i64(workouts: usize) -> i64 {
    i64::try_from(workouts).unwrap_or(i64::MAX)
}

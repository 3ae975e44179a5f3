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
use storage::imports::{self, ImportedWorkout, InsertedWorkout, Slice, SliceKey, SliceState};
use storage::ledger::{self, LedgerEntry, LedgerMarks};
use storage::shards::concurrently;
use storage::workouts::Content;
use storage::{Database, Shards};

/// The bytes of the slices that are loaded from one database at once, at most: two of the largest. With those of
/// five databases, and what is made of them, a batch stays far below the memory of an isolate. A project default.
const LOADED_BYTES_MAX: i64 = 1_100_000;

/// Stores the workouts of import slices and adds them to the volume. A slice is a part of an imported
/// file, small enough for one transaction. An import publishes no event about weeks, landmarks or records;
/// it ends with one notification.
///
/// 1. read (await) the slices of the batch, as many as fit [`LOADED_BYTES_MAX`], and the rest after them;
/// 2. for each slice, one at a time: store (await) the workouts of which the athlete has no duplicate. Their ids are
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
///
/// A slice is 9 statements, and two of the largest are loaded with one: a batch of 100 is at most 950 of the 1,000
/// that D1 allows an invocation.
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
        let mut outcomes = Vec::new();
        let mut rest = causes.to_vec();
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
                    Some(Slice { workouts: Some(workouts), .. }) => {
                        let processed = self.process_slice(database, key, &workouts, cause).await;
                        processed.unwrap_or_else(|failed| failed)
                    }
                    Some(Slice { workouts: None, .. }) => {
                        not_loaded.push((key, cause));
                        continue;
                    }
                };
                outcomes.push((key, outcome));
            }
            rest = not_loaded;
        }
        outcomes
    }

    async fn process_slice(
        &self,
        database: &dyn Database,
        key: SliceKey,
        workouts: &[ImportedWorkout],
        cause: &Event,
    ) -> Result<Outcome, Outcome> {
        let imported = self.store_workouts(database, key.athlete_id, workouts, cause).await?;
        let total = workouts.len();
        let now = self.clock.now();
        let import = imports::finish_slice(
            database,
            key,
            saturating_i64(imported),
            saturating_i64(total.saturating_sub(imported)),
            now.timestamp_millis(),
        )
        .await?;
        let Some(import) = import else { return Ok(Outcome::Done) };
        let event = import_finished(key.athlete_id, &import, cause, now);
        self.publisher.publish(&[event]).await.map_err(Outcome::transient)?;
        Ok(Outcome::Done)
    }

    /// Steps 2 to 4. Returns the number of workouts that this import stored, repeats included.
    async fn store_workouts(
        &self,
        database: &dyn Database,
        athlete_id: AthleteId,
        workouts: &[ImportedWorkout],
        cause: &Event,
    ) -> Result<usize, Outcome> {
        if workouts.is_empty() {
            return Ok(0);
        }
        let contents = workouts
            .iter()
            .map(|imported| Ok((imported, Content::of(&imported.workout)?)))
            .collect::<Result<Vec<_>, serde_json::Error>>()
            .map_err(Outcome::permanent)?;
        let now_ms = self.clock.now_ms();
        let inserted =
            imports::insert_workouts(database, athlete_id, &contents, cause.trace, now_ms).await?;
        drop(contents);
        let entries = entries(athlete_id, workouts, &inserted).map_err(Outcome::permanent)?;
        if entries.is_empty() {
            return Ok(0);
        }
        let weeks = ledger::apply_imported(database, &entries).await?;
        let crossed = weeks.iter().map(|week| (week, crossing_bits(&new_crossings(week))));
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
fn entries(
    athlete_id: AthleteId,
    workouts: &[ImportedWorkout],
    inserted: &[InsertedWorkout],
) -> Result<Vec<LedgerEntry>, String> {
    let by_id: BTreeMap<_, &ImportedWorkout> =
        workouts.iter().map(|imported| (imported.workout_id, imported)).collect();
    inserted
        .iter()
        .filter_map(|inserted| Some((inserted, by_id.get(&inserted.workout_id)?)))
        .map(|(inserted, imported)| {
            ledger_entry(&WorkoutSnapshot {
                athlete_id,
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

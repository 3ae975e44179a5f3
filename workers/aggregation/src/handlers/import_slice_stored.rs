//! `ImportSliceStoredEventHandler`: the workouts of an import slice are stored and count.

use crate::ledger_entry::counted;
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
use storage::workouts::Content;
use storage::{Database, Shards};

/// Stores and counts slices. An import announces no threshold and no record and requests no analysis;
/// it ends with one notification.
///
/// 1. read (await): the slices of the batch, in one round trip;
/// 2. for each slice: store (await) the workouts that the athlete does not have. Their ids are derived
///    from the import, so a repeat stores nothing more;
/// 3. write (await): the ledger, with the days, weeks and records. A repeat changes nothing;
/// 4. mark (await): the workouts as aggregated, their crossings as announced. Marks only rise;
/// 5. finish (await): mark the slice as done. A repeat changes nothing;
/// 6. publish (await): after the last slice, the notification. Its id is derived from the import, so the
///    inbox drops a repeat.
///
/// After a crash between two steps the platform redelivers the message, and every step repeats; a slice
/// that is done repeats from step 5.
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
        let mut outcomes = BTreeMap::new();
        for (database, part) in self.shards.partition(causes.into_iter().collect()) {
            outcomes.extend(self.count(database, &part).await);
        }
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
    async fn count(
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
                    Outcome::permanent("the slice waits for a mapping")
                }
                Some(slice) => {
                    self.count_slice(database, slice, cause).await.unwrap_or_else(|failed| failed)
                }
            };
            outcomes.push((*key, outcome));
        }
        outcomes
    }

    async fn count_slice(
        &self,
        database: &dyn Database,
        slice: &Slice,
        cause: &Event,
    ) -> Result<Outcome, Outcome> {
        let imported = self.store(database, slice, cause).await?;
        let total = slice.workouts.len();
        let now = self.clock.now();
        let import = imports::finish_slice(
            database,
            slice.key,
            count(imported),
            count(total.saturating_sub(imported)),
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

    /// Steps 2 to 4. Returns the number of the slice's workouts that this import stored.
    async fn store(
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
            counted(&WorkoutSnapshot {
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

fn count(workouts: usize) -> i64 {
    i64::try_from(workouts).unwrap_or(i64::MAX)
}

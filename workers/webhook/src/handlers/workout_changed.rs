//! `WorkoutChangedEventHandler`: delivers changed workouts to endpoints.

use crate::fan_out::workout_deliveries;
use crate::notifier::Notifier;
use async_trait::async_trait;
use platform::{Delivery, EventHandler};
use shared_kernel::Outcome;
use shared_kernel::payload::WorkoutChanged;
use std::collections::BTreeSet;
use storage::Database;
use storage::database::write_splitting;
use storage::shards::concurrently;
use storage::webhooks::fan_out::{self, NewDelivery};
use storage::webhooks::workouts::{self, WorkoutsAndTargets};

/// Delivers the changed workouts of the batch.
///
/// 1. read (await): the workouts as they are now, and the endpoints of their athletes, in one round trip;
/// 2. decide: the deliveries. A workout or an endpoint that was deleted has none;
/// 3. write (await): the deliveries, keyed by endpoint and event id: a repeat stores none. After this
///    step nothing is lost: the rows are the outbox, and the api's sweep publishes what is due;
/// 4. publish (await): the due deliveries, one event each. After a crash before it, or a queue error, the
///    sweep publishes them within a minute.
pub struct WorkoutChangedEventHandler {
    pub notifier: Notifier,
}

#[async_trait(?Send)]
impl EventHandler<WorkoutChanged> for WorkoutChangedEventHandler {
    async fn handle(&self, deliveries: &[Delivery<'_, WorkoutChanged>]) -> Vec<Outcome> {
        let unreached = || Outcome::transient("the athlete's database was not reached");
        let mut outcomes: Vec<_> = deliveries.iter().map(|_| unreached()).collect();
        let items = deliveries.iter().zip(&mut outcomes);
        let parts = self.notifier.shards.partition(items, |(delivery, _)| delivery.data.athlete_id);
        let work = parts.into_iter().map(|(database, part)| self.deliver_part(database, part));
        concurrently(work).await;
        outcomes
    }
}

impl WorkoutChangedEventHandler {
    /// Delivers the changes of one database, and sets their outcomes.
    async fn deliver_part(
        &self,
        database: &dyn Database,
        part: Vec<(&Delivery<'_, WorkoutChanged>, &mut Outcome)>,
    ) {
        let key = |delivery: &Delivery<'_, WorkoutChanged>| {
            (delivery.data.athlete_id, delivery.data.workout_id)
        };
        let keys: BTreeSet<_> = part.iter().map(|(delivery, _)| key(delivery)).collect();
        let keys: Vec<_> = keys.into_iter().collect();
        let current = match workouts::read(database, &keys).await {
            Ok(current) => current,
            Err(error) => {
                let failed = Outcome::from(error);
                for (_, outcome) in part {
                    outcome.clone_from(&failed);
                }
                return;
            }
        };
        let (mut rows, mut outcomes) = (Vec::new(), Vec::new());
        for (delivery, outcome) in part {
            match decide(delivery, &current) {
                Ok(deliveries) => {
                    rows.push(deliveries);
                    outcomes.push(outcome);
                }
                Err(failed) => *outcome = failed,
            }
        }
        let now = self.notifier.clock.now();
        let store = async |rows: &[Vec<NewDelivery>]| {
            let rows: Vec<_> = rows.iter().flatten().collect();
            fan_out::store(database, &rows, now.timestamp_millis()).await
        };
        for (range, stored) in write_splitting(&rows, store).await {
            let result = match stored {
                Ok(due) => {
                    self.notifier.publish_due(&due, now).await;
                    Outcome::Done
                }
                Err(error) => error.into(),
            };
            for outcome in outcomes.get_mut(range).unwrap_or_default() {
                outcome.clone_from(&result);
            }
        }
    }
}

/// Returns the deliveries of a change.
fn decide(
    delivery: &Delivery<'_, WorkoutChanged>,
    current: &WorkoutsAndTargets,
) -> Result<Vec<NewDelivery>, Outcome> {
    let changed = delivery.data;
    let Some(state) = current.workouts.get(&(changed.athlete_id, changed.workout_id)) else {
        return Ok(Vec::new());
    };
    workout_deliveries(delivery.event, changed, state, &current.targets).map_err(Outcome::permanent)
}

//! The registry of this worker: which handler takes which events.

mod import_slice_stored;
mod training_set_recorded;
mod volume_updated;
mod workout_completed;
mod workout_deleted;
mod workout_events;

use crate::publisher::AggregationEventPublisher;
use import_slice_stored::ImportSliceStoredEventHandler;
use platform::{Clock, Registry};
use std::rc::Rc;
use storage::Shards;
use training_set_recorded::TrainingSetRecordedEventHandler;
use volume_updated::VolumeUpdatedEventHandler;
use workout_completed::WorkoutCompletedEventHandler;
use workout_deleted::WorkoutDeletedEventHandler;
use workout_events::{WorkoutEventRoute, WorkoutEventsHandler};

/// Registers every handler of this worker.
pub fn registry(
    shards: Shards,
    publisher: AggregationEventPublisher,
    clock: Rc<dyn Clock>,
) -> Registry {
    let imports = ImportSliceStoredEventHandler {
        shards: shards.clone(),
        publisher: publisher.clone(),
        clock: Rc::clone(&clock),
    };
    let workouts = WorkoutEventsHandler { routes: &WORKOUT_EVENTS, shards, publisher, clock };
    Registry::default()
        .on_group(&WORKOUT_EVENTS.map(|route| route.event_type), workouts)
        .on(imports)
}

/// The events that carry a workout, each with its handler.
const WORKOUT_EVENTS: [WorkoutEventRoute; 4] = [
    WorkoutEventRoute::to::<_, TrainingSetRecordedEventHandler>(),
    WorkoutEventRoute::to::<_, WorkoutCompletedEventHandler>(),
    WorkoutEventRoute::to::<_, WorkoutDeletedEventHandler>(),
    WorkoutEventRoute::to::<_, VolumeUpdatedEventHandler>(),
];

#[cfg(test)]
mod tests;

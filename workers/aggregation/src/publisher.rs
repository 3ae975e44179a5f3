//! `AggregationEventPublisher`: what aggregation tells the others.

use crate::thresholds::crossing_bits;
use chrono::{DateTime, Utc};
use platform::Publisher;
use platform::publisher::PublishError;
use shared_kernel::payload::{AggregationUpdated, Crossing, VolumeThresholdReached};
use shared_kernel::{Event, EventId};
use storage::volume::WeekState;

const SOURCE: &str = "/bulktrack/aggregation";

/// Publishes what follows from a change of the ledger.
#[derive(Clone)]
pub struct AggregationEventPublisher {
    publisher: Publisher,
}

impl AggregationEventPublisher {
    /// Publishes through this publisher.
    pub fn new(publisher: Publisher) -> Self {
        Self { publisher }
    }

    /// Publishes events.
    pub async fn publish(&self, events: &[Event]) -> Result<(), PublishError> {
        self.publisher.publish(events).await
    }
}

/// The week has another volume. Its id names this state of the week: a repeat is the same event.
pub fn aggregation_updated(week: &WeekState, cause: &Event, now: DateTime<Utc>) -> Event {
    let id = EventId::derived(&[
        "AggregationUpdated",
        &week.athlete_id.to_string(),
        &week.week_start.to_string(),
        &week.version.to_string(),
        &week.volume.hard_half_sets.0.to_string(),
        &week.volume.tonnage_grams.0.to_string(),
    ]);
    let data = AggregationUpdated {
        athlete_id: week.athlete_id,
        week_start: week.week_start,
        volume: week.volume.clone(),
    };
    cause.followed_by(id, SOURCE, subject(week), now, data.into())
}

/// Muscles crossed landmarks. Its id names what was crossed: a repeat is the same event.
pub fn volume_threshold_reached(
    week: &WeekState,
    crossings: Vec<Crossing>,
    cause: &Event,
    now: DateTime<Utc>,
) -> Event {
    let id = EventId::derived(&[
        "VolumeThresholdReached",
        &week.athlete_id.to_string(),
        &week.week_start.to_string(),
        &crossing_bits(&crossings).to_string(),
    ]);
    let data = VolumeThresholdReached {
        athlete_id: week.athlete_id,
        week_start: week.week_start,
        crossings,
    };
    cause.followed_by(id, SOURCE, subject(week), now, data.into())
}

fn subject(week: &WeekState) -> String {
    format!("athletes/{}/weeks/{}", week.athlete_id, week.week_start)
}

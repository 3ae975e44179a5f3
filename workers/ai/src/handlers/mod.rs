//! The handlers of ai, one file an event.

mod aggregation_updated;
mod threshold_exceeded;

use crate::analysis::Analysis;
use crate::publisher::AIEventPublisher;
use aggregation_updated::AggregationUpdatedEventHandler;
use platform::{Clock, Registry};
use std::rc::Rc;
use storage::Shards;
use threshold_exceeded::ThresholdExceededEventHandler;

/// Every handler of this worker.
pub fn registry(shards: Shards, publisher: AIEventPublisher, clock: Rc<dyn Clock>) -> Registry {
    let analysis = Analysis { shards, publisher, clock };
    Registry::default()
        .on(AggregationUpdatedEventHandler { analysis: analysis.clone() })
        .on(ThresholdExceededEventHandler { analysis })
}

#[cfg(test)]
mod tests;

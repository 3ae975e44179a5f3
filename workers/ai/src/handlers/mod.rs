//! The handlers of ai. Each file states the analysis that its event requires. The events of a batch
//! are handled together: an athlete is read once, however many events are about them.

mod aggregation_updated;
mod threshold_exceeded;
mod training_week_ended;

use crate::analysis::{Analysis, AnalysisEventHandler, Job, Request};
use aggregation_updated::AggregationUpdatedEventHandler;
use async_trait::async_trait;
use platform::handler::ReceivedEvent;
use platform::{GroupHandler, Registry};
use shared_kernel::{EventData, EventType, Outcome, Payload};
use threshold_exceeded::ThresholdExceededEventHandler;
use training_week_ended::TrainingWeekEndedEventHandler;

/// Registers the handlers of this worker.
pub fn registry(analysis: Analysis) -> Registry {
    let types = HANDLERS.map(|handler| handler.event_type);
    Registry::default().on_group(&types, analysis)
}

/// The handlers by type of event.
const HANDLERS: [Handler; 3] = [
    Handler::new::<_, AggregationUpdatedEventHandler>(),
    Handler::new::<_, ThresholdExceededEventHandler>(),
    Handler::new::<_, TrainingWeekEndedEventHandler>(),
];

struct Handler {
    event_type: EventType,
    job: fn(&EventData) -> Option<Job>,
}

impl Handler {
    const fn new<P: Payload, H: AnalysisEventHandler<P>>() -> Self {
        Self { event_type: P::TYPE, job: |data| P::of(data).and_then(H::job) }
    }
}

/// Handles the events of all handlers together, in the steps of [`Analysis::run`].
#[async_trait(?Send)]
impl GroupHandler for Analysis {
    async fn handle(&self, received: &[&ReceivedEvent]) -> Vec<Outcome> {
        let by_event: Vec<_> = received.iter().map(|received| request(received)).collect();
        let requests: Vec<_> = by_event.iter().flatten().cloned().collect();
        let mut outcomes = self.run(&requests).await.into_iter();
        let missing = || Outcome::transient("the analysis returned no outcome");
        by_event
            .iter()
            .map(|request| match request {
                Some(_) => outcomes.next().unwrap_or_else(missing),
                None => Outcome::Done,
            })
            .collect()
    }
}

fn request(received: &ReceivedEvent) -> Option<Request<'_>> {
    let cause = &received.event;
    let job = HANDLERS.iter().find_map(|handler| (handler.job)(&cause.data))?;
    Some(Request { cause, athlete_id: cause.data.athlete_id(), job })
}

#[cfg(test)]
mod tests;

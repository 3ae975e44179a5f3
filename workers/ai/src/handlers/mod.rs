//! The handlers of ai. All its events ask for a look at an athlete's training, so they are handled
//! as one set: an athlete is read once, however many events of a batch are about them. Each kind's
//! own file says what its event asks for.

mod aggregation_updated;
mod threshold_exceeded;
mod training_week_ended;

use crate::analysis::{Analysis, Ask, Request};
use aggregation_updated::AggregationUpdatedEventHandler;
use async_trait::async_trait;
use platform::handler::ReceivedEvent;
use platform::{GroupHandler, Registry};
use shared_kernel::{EventData, EventType, Outcome, Payload};
use threshold_exceeded::ThresholdExceededEventHandler;
use training_week_ended::TrainingWeekEndedEventHandler;

/// Every handler of this worker.
pub fn registry(analysis: Analysis) -> Registry {
    let types = KINDS.map(|kind| kind.event_type);
    Registry::default().on_group(&types, AnalysisEventHandlers { analysis })
}

/// The events that ask for an analysis, each with its handler.
const KINDS: [Kind; 3] = [
    Kind::of::<_, AggregationUpdatedEventHandler>(),
    Kind::of::<_, ThresholdExceededEventHandler>(),
    Kind::of::<_, TrainingWeekEndedEventHandler>(),
];

/// One kind of event.
struct Kind {
    event_type: EventType,
    ask: fn(&EventData) -> Option<Option<Ask>>,
}

impl Kind {
    const fn of<P: Payload, H: AnalysisEventHandler<P>>() -> Self {
        Self { event_type: P::TYPE, ask: |data| P::of(data).map(H::ask) }
    }
}

/// What an event asks to be looked at; `None` is nothing.
trait AnalysisEventHandler<P> {
    fn ask(event: &P) -> Option<Ask>;
}

/// Handles all events that ask for an analysis. Its steps are those of [`Analysis::run`].
struct AnalysisEventHandlers {
    analysis: Analysis,
}

#[async_trait(?Send)]
impl GroupHandler for AnalysisEventHandlers {
    async fn handle(&self, received: &[&ReceivedEvent]) -> Vec<Outcome> {
        let asked: Vec<_> = received.iter().map(|received| request(received)).collect();
        let requests: Vec<_> = asked.iter().flatten().cloned().collect();
        let mut outcomes = self.analysis.run(&requests).await.into_iter();
        let unanswered = || Outcome::transient("its analysis did not answer");
        asked
            .iter()
            .map(|request| match request {
                Some(_) => outcomes.next().unwrap_or_else(unanswered),
                None => Outcome::Done,
            })
            .collect()
    }
}

fn request(received: &ReceivedEvent) -> Option<Request<'_>> {
    let cause = &received.event;
    let ask = KINDS.iter().find_map(|kind| (kind.ask)(&cause.data)).flatten()?;
    Some(Request { cause, athlete_id: cause.data.athlete_id(), ask })
}

#[cfg(test)]
mod tests;

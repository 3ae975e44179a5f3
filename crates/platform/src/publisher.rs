//! Publishing events, as text, to the queue that the routing table gives for each.

use crate::sink::{Destination, QueueSink, SendError, send_all};
use shared_kernel::{Event, Queue};
use std::rc::Rc;

/// The reason that events were not published. Some may be published; publishing all once more is safe.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    #[error("encode {event}: {error}")]
    Encode { event: String, error: serde_json::Error },
    #[error("publish: {0}")]
    Send(#[from] SendError),
}

/// Publishes events.
#[derive(Clone)]
pub struct Publisher {
    sink: Rc<dyn QueueSink>,
}

impl Publisher {
    /// Wraps a sink.
    pub fn new(sink: Rc<dyn QueueSink>) -> Self {
        Self { sink }
    }

    /// Publishes events in order, with the fewest sends for each queue.
    pub async fn publish(&self, events: &[Event]) -> Result<(), PublishError> {
        self.publish_after(0, events).await
    }

    /// Publishes events for delivery after `delay_s` seconds, at most 12 hours (platform limit).
    pub async fn publish_after(&self, delay_s: u32, events: &[Event]) -> Result<(), PublishError> {
        for queue in Queue::ALL {
            let bodies = events
                .iter()
                .filter(|event| event.event_type().queue() == queue)
                .map(|event| {
                    event.encode().map_err(|error| PublishError::Encode {
                        event: event.id.to_string(),
                        error,
                    })
                })
                .collect::<Result<Vec<_>, _>>()?;
            if !bodies.is_empty() {
                send_all(&*self.sink, Destination::Events(queue), &bodies, delay_s).await?;
            }
        }
        Ok(())
    }
}

//! Publishing events: each goes, as text, to the queue that the table names.

use crate::sink::{Destination, QueueSink, SendError, send_all};
use shared_kernel::routing::queue_of;
use shared_kernel::{Event, Queue};
use std::rc::Rc;

/// Why events were not published. Any of them may have been; all may be published again.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// An event has no JSON.
    #[error("encode {event}: {error}")]
    Encode {
        /// Its id.
        event: String,
        /// Why.
        error: serde_json::Error,
    },
    /// A queue refused.
    #[error("publish: {0}")]
    Send(#[from] SendError),
}

/// Publishes events.
#[derive(Clone)]
pub struct Publisher {
    sink: Rc<dyn QueueSink>,
}

impl Publisher {
    /// Publishes through this sink.
    pub fn new(sink: Rc<dyn QueueSink>) -> Self {
        Self { sink }
    }

    /// Publishes events in order, those of one queue in one send as far as they fit.
    pub async fn publish(&self, events: &[Event]) -> Result<(), PublishError> {
        self.publish_after(0, events).await
    }

    /// Publishes events that are delivered `delay_s` seconds later: 12 hours at most, the platform's
    /// limit.
    pub async fn publish_after(&self, delay_s: u32, events: &[Event]) -> Result<(), PublishError> {
        for queue in Queue::ALL {
            let bodies = events
                .iter()
                .filter(|event| queue_of(event.event_type()) == queue)
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

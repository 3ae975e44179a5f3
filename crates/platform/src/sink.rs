//! Sending to queues: text bodies, in batches limited by count and bytes; a failed send is retried.

use async_trait::async_trait;
use shared_kernel::Queue;
use std::slice;

/// Messages in one send, at most (platform limit of `sendBatch`).
const BATCH_MESSAGES_MAX: usize = 100;
/// Bytes in one send, at most: the platform's 256 KB, read as the smaller of its two meanings.
const BATCH_BYTES_MAX: usize = 256_000;
/// Bytes of a body, at most: the platform's 128,000 less its own metadata.
pub const BODY_BYTES_MAX: usize = 128_000 - METADATA_BYTES;
/// The metadata that the platform adds to each message (about 100 bytes, by its documentation).
const METADATA_BYTES: usize = 100;
/// The attempts of one send, without a delay between them: a longer outage is left to the retry of the
/// message, or to the sweep.
const TRIES: u32 = 3;

/// The queue that a message is sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Destination {
    Events(Queue),
    /// The dead-letter queue of a queue.
    DeadLetters(Queue),
}

/// The reason that a queue did not accept messages.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Permanent: no queue accepts a body of this length.
    #[error("a message of {bytes} bytes is over the {BODY_BYTES_MAX} of a body")]
    TooLong { bytes: usize },
    #[error("send to {destination}: {reason}")]
    Rejected { destination: String, reason: String },
}

/// Sends messages to queues. One call is one send of the platform, accepted whole or not at all.
#[async_trait(?Send)]
pub trait QueueSink {
    /// Sends bodies that fit one send; they are delivered `delay_s` seconds later.
    async fn send(
        &self,
        destination: Destination,
        bodies: &[String],
        delay_s: u32,
    ) -> Result<(), SendError>;
}

/// Sends any number of bodies, for delivery after `delay_s` seconds. After an error some may have been
/// accepted; consumers tolerate a body that is sent twice.
pub async fn send_all(
    sink: &dyn QueueSink,
    destination: Destination,
    bodies: &[String],
    delay_s: u32,
) -> Result<(), SendError> {
    if let Some(body) = bodies.iter().find(|body| body.len() > BODY_BYTES_MAX) {
        return Err(SendError::TooLong { bytes: body.len() });
    }
    for batch in plan_batches(bodies) {
        send_retrying(sink, destination, batch, delay_s).await?;
    }
    Ok(())
}

/// Sends bodies that each fit a message, and returns the result of each. The bodies of a send that fails are
/// sent one by one, so that one that is rejected affects only itself.
pub async fn send_each(
    sink: &dyn QueueSink,
    destination: Destination,
    bodies: &[String],
) -> Vec<Result<(), SendError>> {
    let mut results = Vec::with_capacity(bodies.len());
    for batch in plan_batches(bodies) {
        match send_retrying(sink, destination, batch, 0).await {
            Err(_) if batch.len() > 1 => {
                for body in batch {
                    results.push(sink.send(destination, slice::from_ref(body), 0).await);
                }
            }
            result => results.resize(results.len() + batch.len(), result),
        }
    }
    results
}

async fn send_retrying(
    sink: &dyn QueueSink,
    destination: Destination,
    batch: &[String],
    delay_s: u32,
) -> Result<(), SendError> {
    let mut result = sink.send(destination, batch, delay_s).await;
    for _ in 1..TRIES {
        if result.is_ok() {
            break;
        }
        result = sink.send(destination, batch, delay_s).await;
    }
    result
}

/// Splits a list into the fewest sends, in order.
fn plan_batches(bodies: &[String]) -> Vec<&[String]> {
    let mut batches = Vec::new();
    let mut rest = bodies;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fitting = rest
            .iter()
            .take(BATCH_MESSAGES_MAX)
            .take_while(|body| {
                bytes += body.len() + METADATA_BYTES;
                bytes <= BATCH_BYTES_MAX
            })
            .count();
        let (batch, after) = rest.split_at(fitting.max(1));
        batches.push(batch);
        rest = after;
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;
    use std::cell::RefCell;

    fn check(lengths: &[usize], batches: &[usize]) {
        let bodies: Vec<_> = lengths.iter().map(|length| "x".repeat(*length)).collect();
        let planned: Vec<_> = plan_batches(&bodies).iter().map(|batch| batch.len()).collect();
        assert_eq!(planned, batches, "{lengths:?}");
    }

    #[test]
    fn batches_are_limited_by_count_and_bytes() {
        check(&[], &[]);
        check(&[10], &[1]);
        check(&[10; 100], &[100]);
        check(&[10; 201], &[100, 100, 1]);
        check(&[127_900, 127_900, 10], &[2, 1]);
        check(&[127_900, 127_901, 10], &[1, 2]);
    }

    /// Rejects the given number of sends, then accepts.
    struct FlakySink(RefCell<(u32, usize)>);

    #[async_trait(?Send)]
    impl QueueSink for FlakySink {
        async fn send(&self, _: Destination, bodies: &[String], _: u32) -> Result<(), SendError> {
            let mut state = self.0.borrow_mut();
            if state.0 > 0 {
                state.0 -= 1;
                return Err(SendError::Rejected {
                    destination: "q".to_owned(),
                    reason: "busy".to_owned(),
                });
            }
            state.1 += bodies.len();
            Ok(())
        }
    }

    fn sent(rejections: u32, bodies: &[String]) -> (Result<(), SendError>, usize) {
        let sink = FlakySink(RefCell::new((rejections, 0)));
        let to = Destination::Events(Queue::AiAnalysis);
        let result = block_on(send_all(&sink, to, bodies, 0));
        let accepted = sink.0.borrow().1;
        (result, accepted)
    }

    #[test]
    fn failed_send_is_retried_and_an_outage_is_reported() {
        let bodies = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(sent(0, &bodies), (Ok(()), 2));
        assert_eq!(sent(2, &bodies), (Ok(()), 2));
        let (result, accepted) = sent(3, &bodies);
        assert!(result.is_err());
        assert_eq!(accepted, 0);
    }

    #[test]
    fn too_long_body_is_rejected_before_any_send() {
        let bodies = vec!["a".to_owned(), "x".repeat(127_901)];
        assert_eq!(sent(0, &bodies), (Err(SendError::TooLong { bytes: 127_901 }), 0));
    }
}

//! Sending to queues: text bodies, in batches capped by count and bytes, a failed send tried again.

use async_trait::async_trait;
use shared_kernel::Queue;

/// Messages in one send, at most (platform limit of `sendBatch`).
const BATCH_MESSAGES_MAX: usize = 100;
/// Bytes in one send, at most: the platform's 256 KB, read as the smaller of its two meanings.
const BATCH_BYTES_MAX: usize = 256_000;
/// Bytes of a body, at most: the platform's 128,000 less its own metadata.
pub const BODY_BYTES_MAX: usize = 128_000 - METADATA_BYTES;
/// What the platform adds to each message (about 100 bytes, by its documentation).
const METADATA_BYTES: usize = 100;
/// A send is tried so often before the caller hears of it. At once: a longer outage is the
/// business of the retry of the message, or of the sweep.
const TRIES: u32 = 3;

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Destination {
    /// A queue of events.
    Events(Queue),
    /// The dead-letter queue behind one.
    DeadLetters(Queue),
}

/// Why messages were not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// A body is longer than a message can be; it never will be accepted.
    #[error("a message of {bytes} bytes is over the {BODY_BYTES_MAX} of a body")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// The queue refused.
    #[error("send to {destination}: {reason}")]
    Refused {
        /// The queue.
        destination: String,
        /// What it said.
        reason: String,
    },
}

/// Queues that accept messages: one call is one send of the platform, accepted whole or not.
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

/// Sends any number of bodies, to be delivered `delay_s` seconds later. After an error some may have been accepted: every body is fit to be
/// sent twice.
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
        let mut result = sink.send(destination, batch, delay_s).await;
        for _ in 1..TRIES {
            if result.is_ok() {
                break;
            }
            result = sink.send(destination, batch, delay_s).await;
        }
        result?;
    }
    Ok(())
}

/// Cuts a list into the fewest sends, in order.
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
    fn batches_are_capped_by_count_and_by_bytes() {
        check(&[], &[]);
        check(&[10], &[1]);
        check(&[10; 100], &[100]);
        check(&[10; 201], &[100, 100, 1]);
        check(&[127_900, 127_900, 10], &[2, 1]);
        check(&[127_900, 127_901, 10], &[1, 2]);
    }

    /// Refuses as often as it is told.
    struct Stubborn(RefCell<(u32, usize)>);

    #[async_trait(?Send)]
    impl QueueSink for Stubborn {
        async fn send(&self, _: Destination, bodies: &[String], _: u32) -> Result<(), SendError> {
            let mut state = self.0.borrow_mut();
            if state.0 > 0 {
                state.0 -= 1;
                return Err(SendError::Refused {
                    destination: "q".to_owned(),
                    reason: "busy".to_owned(),
                });
            }
            state.1 += bodies.len();
            Ok(())
        }
    }

    fn sent(refusals: u32, bodies: &[String]) -> (Result<(), SendError>, usize) {
        let sink = Stubborn(RefCell::new((refusals, 0)));
        let to = Destination::Events(Queue::AiAnalysis);
        let result = block_on(send_all(&sink, to, bodies, 0));
        let accepted = sink.0.borrow().1;
        (result, accepted)
    }

    #[test]
    fn a_failed_send_is_tried_again_and_an_outage_is_reported() {
        let bodies = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(sent(0, &bodies), (Ok(()), 2));
        assert_eq!(sent(2, &bodies), (Ok(()), 2));
        let (result, accepted) = sent(3, &bodies);
        assert!(result.is_err());
        assert_eq!(accepted, 0);
    }

    #[test]
    fn a_body_that_no_message_can_hold_is_refused_before_anything_is_sent() {
        let bodies = vec!["a".to_owned(), "x".repeat(127_901)];
        assert_eq!(sent(0, &bodies), (Err(SendError::TooLong { bytes: 127_901 }), 0));
    }
}

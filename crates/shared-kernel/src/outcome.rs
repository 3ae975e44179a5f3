//! What became of an event, and what its message is owed for it.

use crate::routing::RetryPolicy;

/// The longest reason, in characters (ours): a sentence, not a document.
const REASON_CHARS_MAX: usize = 300;

/// What a handler says of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its effects are stored and what follows from it is published.
    Done,
    /// It failed for a reason that may pass: a database that is away, a queue that refuses.
    Transient {
        /// For the log and, at the last attempt, for the dead letter.
        reason: String,
    },
    /// It will fail however often it is tried: it cannot be decoded, or it breaks a rule.
    Permanent {
        /// For the dead letter.
        reason: String,
    },
}

impl Outcome {
    /// A failure that may pass.
    #[expect(clippy::needless_pass_by_value, reason = "takes texts and errors alike")]
    pub fn transient(reason: impl ToString) -> Self {
        Self::Transient { reason: shortened(&reason.to_string()) }
    }

    /// A failure that stays.
    #[expect(clippy::needless_pass_by_value, reason = "takes texts and errors alike")]
    pub fn permanent(reason: impl ToString) -> Self {
        Self::Permanent { reason: shortened(&reason.to_string()) }
    }

    /// The word for it in the log.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Transient { .. } => "transient",
            Self::Permanent { .. } => "permanent",
        }
    }

    /// Why it failed.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Done => None,
            Self::Transient { reason } | Self::Permanent { reason } => Some(reason),
        }
    }
}

/// A reason may quote what it was given; it must not carry a body into a log.
fn shortened(reason: &str) -> String {
    reason.chars().take(REASON_CHARS_MAX).collect()
}

/// What its queue is told of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// It is through.
    Ack,
    /// Deliver it again after so many seconds.
    Retry {
        /// Seconds.
        delay_s: u32,
    },
    /// Put it, with its reason, on the dead-letter queue; then it is through.
    DeadLetter {
        /// Why.
        reason: String,
    },
}

/// Decides what a message is owed: the whole retry policy, in one place.
///
/// `attempt` counts deliveries from 1. A transient failure of the last attempt is dead-lettered by
/// us, with its reason; the platform's own dead-lettering is only the backstop.
pub fn settle(outcome: &Outcome, attempt: u32, policy: RetryPolicy) -> Settlement {
    match outcome {
        Outcome::Done => Settlement::Ack,
        Outcome::Transient { reason } => match policy.delay_after(attempt) {
            Some(delay_s) => Settlement::Retry { delay_s },
            None => Settlement::DeadLetter { reason: reason.clone() },
        },
        Outcome::Permanent { reason } => Settlement::DeadLetter { reason: reason.clone() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::Queue;

    fn ack() -> Settlement {
        Settlement::Ack
    }

    fn retry(delay_s: u32) -> Settlement {
        Settlement::Retry { delay_s }
    }

    fn dead(reason: &str) -> Settlement {
        Settlement::DeadLetter { reason: reason.to_owned() }
    }

    #[test]
    fn each_outcome_at_each_attempt_on_each_queue() {
        let done = Outcome::Done;
        let away = Outcome::transient("database away");
        let bad = Outcome::permanent("no such muscle");
        let table = [
            (&done, 1, ack()),
            (&done, 2, ack()),
            (&done, 3, ack()),
            (&done, 4, ack()),
            (&away, 1, retry(1)),
            (&away, 2, retry(2)),
            (&away, 3, retry(4)),
            (&away, 4, dead("database away")),
            (&away, 5, dead("database away")),
            (&bad, 1, dead("no such muscle")),
            (&bad, 2, dead("no such muscle")),
            (&bad, 3, dead("no such muscle")),
            (&bad, 4, dead("no such muscle")),
        ];
        for queue in Queue::ALL {
            let policy = queue.consumption().retry;
            for (outcome, attempt, settlement) in &table {
                assert_eq!(
                    &settle(outcome, *attempt, policy),
                    settlement,
                    "{queue:?}: {outcome:?} at attempt {attempt}"
                );
            }
        }
    }
}

//! The outcome that a handler reports for an event, and the message result that follows from it.

use crate::routing::RetryPolicy;

/// The longest reason, in characters: a sentence, not a document.
const REASON_CHARS_MAX: usize = 300;

/// The outcome of handling one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The effects are stored and the events that follow are published.
    Done,
    /// A failure that may pass: an unavailable database, a queue that does not accept messages.
    Transient { reason: String },
    /// A failure that no retry can fix: an invalid message, or one that breaks a rule.
    Permanent { reason: String },
}

impl Outcome {
    /// A failure that may pass.
    #[expect(clippy::needless_pass_by_value, reason = "takes texts and errors alike")]
    pub fn transient(reason: impl ToString) -> Self {
        Self::Transient { reason: truncate_reason(&reason.to_string()) }
    }

    /// A failure that no retry can fix.
    #[expect(clippy::needless_pass_by_value, reason = "takes texts and errors alike")]
    pub fn permanent(reason: impl ToString) -> Self {
        Self::Permanent { reason: truncate_reason(&reason.to_string()) }
    }

    /// The name in log lines.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Transient { .. } => "transient",
            Self::Permanent { .. } => "permanent",
        }
    }

    /// The reason for a failure; `None` for [`Outcome::Done`].
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Done => None,
            Self::Transient { reason } | Self::Permanent { reason } => Some(reason),
        }
    }
}

/// Shortens a reason to [`REASON_CHARS_MAX`]: it may quote its input, and must not log a whole body.
fn truncate_reason(reason: &str) -> String {
    reason.chars().take(REASON_CHARS_MAX).collect()
}

/// The result of one message, as its queue sees it and as the pipeline metrics count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageResult {
    Ack,
    Retry {
        delay_s: u32,
    },
    /// The message goes to the dead-letter queue, with the reason of its outcome, and is acknowledged.
    DeadLetter,
}

impl MessageResult {
    /// The name in log lines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ack => "ack",
            Self::Retry { .. } => "retry",
            Self::DeadLetter => "dead_letter",
        }
    }

    /// The delay of a retry, in seconds.
    pub const fn delay_s(self) -> Option<u32> {
        match self {
            Self::Ack | Self::DeadLetter => None,
            Self::Retry { delay_s } => Some(delay_s),
        }
    }
}

/// Decides the result of a message from the outcome of its event and the retry policy of its queue.
///
/// `attempt` counts deliveries from 1. A transient failure at the last attempt is dead-lettered
/// here, with its reason; the platform's own dead-lettering is only the backstop.
pub fn settle(outcome: &Outcome, attempt: u32, policy: RetryPolicy) -> MessageResult {
    match outcome {
        Outcome::Done => MessageResult::Ack,
        Outcome::Transient { .. } => match policy.delay_after(attempt) {
            Some(delay_s) => MessageResult::Retry { delay_s },
            None => MessageResult::DeadLetter,
        },
        Outcome::Permanent { .. } => MessageResult::DeadLetter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::Queue;
    use MessageResult::{Ack, DeadLetter, Retry};

    #[test]
    fn settle_decides_by_outcome_and_attempt_on_each_queue() {
        let done = Outcome::Done;
        let outage = Outcome::transient("database unavailable");
        let invalid = Outcome::permanent("unknown muscle");
        let table = [
            (&done, 1, Ack),
            (&done, 2, Ack),
            (&done, 3, Ack),
            (&done, 4, Ack),
            (&outage, 1, Retry { delay_s: 1 }),
            (&outage, 2, Retry { delay_s: 2 }),
            (&outage, 3, Retry { delay_s: 4 }),
            (&outage, 4, DeadLetter),
            (&outage, 5, DeadLetter),
            (&invalid, 1, DeadLetter),
            (&invalid, 2, DeadLetter),
            (&invalid, 3, DeadLetter),
            (&invalid, 4, DeadLetter),
        ];
        for queue in Queue::ALL {
            let policy = queue.consumption().retry;
            for (outcome, attempt, result) in table {
                assert_eq!(
                    settle(outcome, attempt, policy),
                    result,
                    "{queue:?}: {outcome:?} at attempt {attempt}"
                );
            }
        }
    }
}

//! The queues, with their batching and retries. The queue of each event is in [`crate::event`].
//!
//! No other code names a queue. A test in `tests/` compares `wrangler/*.jsonc` with this table.

/// A queue. Each has a dead-letter queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Queue {
    /// Training events, for the aggregation worker.
    VolumeAggregation,
    /// Aggregates and thresholds, for the ai worker.
    AiAnalysis,
    /// Patterns, notification requests and deliveries, for the webhook worker.
    WebhookNotification,
}

/// The batching and retries of a queue. The numbers are those of the project's design; the platform's
/// limits are batch <= 100, wait <= 60 s, retries <= 100, invocations at once <= 250.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consumption {
    pub batch_size_max: u32,
    pub batch_wait_s_max: u32,
    /// Invocations of the consumer at once. Without this bound a backlog is consumed by up to 250, all on
    /// databases that run one query at a time, and failing does not slow them down.
    pub concurrency_max: u32,
    pub retry: RetryPolicy,
}

/// Exponential backoff with a limited number of retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Retries after the first attempt: 3 retries are attempts 1 to 4.
    pub retries_max: u32,
    pub first_delay_s: u32,
    pub multiplier: u32,
    pub delay_s_max: u32,
}

impl RetryPolicy {
    /// The delay after a failed attempt (the first is 1), in seconds; `None` when it was the last.
    pub fn delay_after(self, attempt: u32) -> Option<u32> {
        let failed_before = attempt.saturating_sub(1);
        (failed_before < self.retries_max).then(|| {
            let factor = self.multiplier.saturating_pow(failed_before);
            self.first_delay_s.saturating_mul(factor).min(self.delay_s_max)
        })
    }
}

/// 3 retries after 1, 2 and 4 s, then dead letter.
const EVENT_RETRY: RetryPolicy =
    RetryPolicy { retries_max: 3, first_delay_s: 1, multiplier: 2, delay_s_max: 4 };

/// The waits before the sweep redrives a dead letter whose cause was an outage, one after each of its failures.
/// They cover an outage of a day; after the last of them an operator has to act.
pub const REDRIVE_AFTER_S: [u32; 8] = [60, 300, 1_800, 7_200, 21_600, 21_600, 21_600, 21_600];

/// The time for which a dead-letter queue keeps a message: the platform's maximum, 14 days. A queue that is
/// created without it keeps messages for four days.
pub const DEAD_LETTER_RETENTION_S: u32 = 14 * 86_400;

/// Messages of such a queue wait for the operators' database as long as it keeps them: 100 retries, the
/// platform's maximum, at most four hours apart, cover the 14 days.
const DEAD_LETTER_RETRY: RetryPolicy =
    RetryPolicy { retries_max: 100, first_delay_s: 1, multiplier: 2, delay_s_max: 14_400 };

impl Queue {
    /// All queues.
    pub const ALL: [Self; 3] =
        [Self::VolumeAggregation, Self::AiAnalysis, Self::WebhookNotification];

    /// The name of the queue on the platform.
    pub const fn name(self) -> &'static str {
        match self {
            Self::VolumeAggregation => "volume-aggregation",
            Self::AiAnalysis => "ai-analysis",
            Self::WebhookNotification => "webhook-notification",
        }
    }

    /// The name of its dead-letter queue.
    pub const fn dead_letter_name(self) -> &'static str {
        match self {
            Self::VolumeAggregation => "volume-aggregation-dlq",
            Self::AiAnalysis => "ai-analysis-dlq",
            Self::WebhookNotification => "webhook-notification-dlq",
        }
    }

    /// The binding that a worker sends with.
    pub const fn binding(self) -> &'static str {
        match self {
            Self::VolumeAggregation => "VOLUME_AGGREGATION",
            Self::AiAnalysis => "AI_ANALYSIS",
            Self::WebhookNotification => "WEBHOOK_NOTIFICATION",
        }
    }

    /// The binding that its consumer sends dead letters with.
    pub const fn dead_letter_binding(self) -> &'static str {
        match self {
            Self::VolumeAggregation => "VOLUME_AGGREGATION_DLQ",
            Self::AiAnalysis => "AI_ANALYSIS_DLQ",
            Self::WebhookNotification => "WEBHOOK_NOTIFICATION_DLQ",
        }
    }

    /// The batching and retries of its consumer. Aggregation keeps the four databases of athletes busy, with
    /// two invocations for each; ai and webhook also wait for a model and for receivers.
    pub const fn consumption(self) -> Consumption {
        let (batch_size_max, batch_wait_s_max, concurrency_max) = match self {
            Self::VolumeAggregation => (100, 1, 8),
            Self::AiAnalysis => (10, 5, 10),
            Self::WebhookNotification => (50, 2, 10),
        };
        Consumption { batch_size_max, batch_wait_s_max, concurrency_max, retry: EVENT_RETRY }
    }

    /// The batching and retries of its dead-letter queue: batches of 100, or of 5 s. All dead letters go to
    /// one database.
    pub const fn dead_letter_consumption(self) -> Consumption {
        match self {
            Self::VolumeAggregation | Self::AiAnalysis | Self::WebhookNotification => Consumption {
                batch_size_max: 100,
                batch_wait_s_max: 5,
                concurrency_max: 4,
                retry: DEAD_LETTER_RETRY,
            },
        }
    }

    /// The queue with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|queue| queue.name() == name)
    }

    /// The queue whose dead-letter queue has this name.
    pub fn from_dead_letter_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|queue| queue.dead_letter_name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_retried_after_1_2_and_4_seconds() {
        let delays: Vec<_> = (1..=5).map(|attempt| EVENT_RETRY.delay_after(attempt)).collect();
        assert_eq!(delays, [Some(1), Some(2), Some(4), None, None]);
    }

    #[test]
    fn dead_letters_are_retried_as_long_as_they_are_kept() {
        let delays: Vec<_> = (1..).map_while(|a| DEAD_LETTER_RETRY.delay_after(a)).collect();
        assert_eq!(delays.len(), 100);
        assert_eq!(delays[..4], [1, 2, 4, 8]);
        let seconds = delays.iter().sum::<u32>();
        assert!((DEAD_LETTER_RETENTION_S..DEAD_LETTER_RETENTION_S + 86_400).contains(&seconds));
    }

    #[test]
    fn redrives_grow_further_apart_for_a_day() {
        assert!(REDRIVE_AFTER_S.is_sorted());
        let hours = REDRIVE_AFTER_S.iter().sum::<u32>() / 3_600;
        assert!((24..30).contains(&hours), "{hours} h");
    }

    #[test]
    fn attempt_zero_is_treated_as_the_first() {
        assert_eq!(EVENT_RETRY.delay_after(0), Some(1));
        assert_eq!(EVENT_RETRY.delay_after(u32::MAX), None);
    }

    #[test]
    fn queues_are_found_by_their_names() {
        for queue in Queue::ALL {
            assert_eq!(Queue::from_name(queue.name()), Some(queue));
            assert_eq!(Queue::from_dead_letter_name(queue.dead_letter_name()), Some(queue));
            assert_eq!(queue.dead_letter_name(), format!("{}-dlq", queue.name()));
            assert_eq!(queue.dead_letter_binding(), format!("{}_DLQ", queue.binding()));
        }
        assert_eq!(Queue::from_name("volume-aggregation-dlq"), None);
    }
}

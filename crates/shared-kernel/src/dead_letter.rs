//! A dead letter: a message that was given up, with everything an operator needs to know of it.

use crate::event::Event;
use crate::ids;
use crate::routing::Queue;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What travels on a dead-letter queue, as JSON text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeadLetter {
    /// The queue that gave it up.
    pub queue: String,
    /// The platform's id of the message.
    pub message_id: String,
    /// Why.
    pub reason: String,
    /// How often it was delivered.
    pub attempts: u32,
    /// When it was given up, in milliseconds since 1970.
    pub failed_at_ms: i64,
    /// The message, untouched.
    pub body: String,
}

impl DeadLetter {
    /// The reason of a message that the platform moved to the dead-letter queue by itself, with
    /// its body only: its consumer never came to settle it, or it was too long to carry a reason.
    pub const MOVED_BY_PLATFORM: &'static str = "moved by the platform after its last retry: the consumer crashed, or the message is too long to carry a reason";

    /// Reads what stands on the dead-letter queue of `queue`: what we put there, or the bare body
    /// of a message that the platform put there.
    pub fn read(queue: Queue, message_id: &str, text: &str, now_ms: i64) -> Self {
        serde_json::from_str::<Self>(text)
            .ok()
            .filter(|letter| letter.queue == queue.name())
            .unwrap_or_else(|| Self {
                queue: queue.name().to_owned(),
                message_id: message_id.to_owned(),
                reason: Self::MOVED_BY_PLATFORM.to_owned(),
                attempts: queue.consumption().retry.retries_max + 1,
                failed_at_ms: now_ms,
                body: text.to_owned(),
            })
    }

    /// Its id: a message that is given up twice, by us after a crash and by the platform say, is
    /// one dead letter; so is an event that the sweep sent again and that failed again. Only what
    /// decodes is believed to be an event: garbage that names an id is a dead letter of its own.
    pub fn id(&self) -> Uuid {
        match Event::decode(&self.body) {
            Ok(event) => {
                ids::derived(&["dead-letter", &self.queue, "event", &event.id.to_string()])
            }
            Err(_) => ids::derived(&["dead-letter", &self.queue, "message", &self.message_id]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> DeadLetter {
        DeadLetter {
            queue: "ai-analysis".to_owned(),
            message_id: "m1".to_owned(),
            reason: "database away".to_owned(),
            attempts: 4,
            failed_at_ms: 1_795_416_000_000,
            body: "{\"a\":\"\\\"\"}".to_owned(),
        }
    }

    #[test]
    fn ours_comes_back_as_it_was_sent() {
        let text = serde_json::to_string(&letter()).unwrap();
        assert_eq!(DeadLetter::read(Queue::AiAnalysis, "m2", &text, 7), letter());
    }

    #[test]
    fn what_the_platform_moved_is_kept_with_the_body_it_has() {
        for body in ["", "garbage", "{}", "null", "{\"queue\":\"ai-analysis\"}"] {
            let read = DeadLetter::read(Queue::AiAnalysis, "m2", body, 7);
            assert_eq!(read.body, body);
            assert_eq!(read.reason, DeadLetter::MOVED_BY_PLATFORM);
            assert_eq!((read.attempts, read.failed_at_ms), (4, 7));
        }
    }

    #[test]
    fn a_letter_of_another_queue_is_not_believed() {
        let text = serde_json::to_string(&letter()).unwrap();
        assert_eq!(DeadLetter::read(Queue::VolumeAggregation, "m2", &text, 7).body, text);
    }

    #[test]
    fn one_event_is_one_dead_letter_and_garbage_is_one_a_message() {
        let again =
            |letter: &DeadLetter| DeadLetter { message_id: "m9".to_owned(), ..letter.clone() };
        let golden = include_str!("../golden/AggregationUpdated.v1.json");
        let event = DeadLetter { body: golden.to_owned(), ..letter() };
        assert_eq!(event.id(), again(&event).id());
        let garbage = DeadLetter { body: r#"{"id":"1"}"#.to_owned(), ..letter() };
        assert_ne!(garbage.id(), again(&garbage).id());
    }
}

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

    /// Its reason without numbers and ids, each a `#` in its place: one for one fault, whatever it
    /// struck.
    pub fn reason_group(&self) -> String {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let mut group = String::with_capacity(self.reason.len());
        let mut rest = self.reason.as_str();
        while !rest.is_empty() {
            let (word, after) = rest.split_at(rest.find(|c| !is_word(c)).unwrap_or(rest.len()));
            push_generalised(&mut group, word);
            let gap = after.find(is_word).unwrap_or(after.len());
            let (between, next) = after.split_at(gap);
            group.push_str(between);
            rest = next;
        }
        group
    }
}

/// Hexadecimal digits in a row that are an id, at least (ours: half of a span's, and longer than
/// any word of ours that is spelt with these letters alone).
const ID_DIGITS_MIN: usize = 8;

/// A word as it stands in a group: an id becomes `#`, and so does each run of digits.
fn push_generalised(group: &mut String, word: &str) {
    let is_hex = |c: char| c.is_ascii_hexdigit() || c == '-';
    let has_digit = word.contains(|c: char| c.is_ascii_digit());
    if has_digit && word.len() >= ID_DIGITS_MIN && word.chars().all(is_hex) {
        group.push('#');
        return;
    }
    let mut in_number = false;
    for c in word.chars() {
        if !c.is_ascii_digit() {
            group.push(c);
        } else if !in_number {
            group.push('#');
        }
        in_number = c.is_ascii_digit();
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
    fn reasons_that_differ_in_numbers_and_ids_alone_are_one_group() {
        let check = |reason: &str, group: &str| {
            let letter = DeadLetter { reason: reason.to_owned(), ..letter() };
            assert_eq!(letter.reason_group(), group, "{reason}");
        };
        check("", "");
        check("database: away", "database: away");
        check("a workout of 501 sets", "a workout of # sets");
        check("01a20785-0b62-7169-a234-e1edb5d47d8e is gone", "# is gone");
        check("trace beb28d84fe444ea65d67d58c1f085012.", "trace #.");
        check("line 1 column 17", "line # column #");
        check("-1.5 kg, e1RM 12x8", "-#.# kg, e#RM #x#");
        check("decade facade deadbeefs", "decade facade deadbeefs");
        check("2026-11-23T12:00:00Z", "#-#-#T#:#:#Z");
        check("\u{1f3cb} ünit 7", "\u{1f3cb} ünit #");
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

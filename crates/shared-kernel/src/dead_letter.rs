//! A dead letter: a message that failed permanently or exhausted its retries, with the facts that an
//! operator needs.

use crate::event::Event;
use crate::ids;
use crate::json;
use crate::routing::Queue;
use serde::{Deserialize, Serialize};
use std::ops::Not;
use uuid::Uuid;

/// The body of a message on a dead-letter queue, as JSON text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeadLetter {
    pub queue: String,
    pub message_id: String,
    pub reason: String,
    pub attempts: u32,
    pub failed_at_ms: i64,
    /// Whether an outage was the cause: the sweep redrives it. One without this field waits for an operator.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub is_transient: bool,
    pub body: String,
}

impl DeadLetter {
    /// The reason of a message that the platform itself moved to the dead-letter queue, with its body only:
    /// its consumer crashed before it settled the message, or the message was too long to add a reason.
    pub const MOVED_BY_PLATFORM: &'static str = "moved by the platform after its last retry: the consumer crashed, or the message is too long to carry a reason";

    /// Reads a message of the dead-letter queue of `queue`: a [`DeadLetter`], or the bare body of a message
    /// that the platform moved there. Its consumer could not settle it, or not send a dead letter: an outage,
    /// unless the body is no event.
    pub fn read(queue: Queue, message_id: &str, text: &str, now_ms: i64) -> Self {
        json::from_str::<Self>(text)
            .ok()
            .filter(|dead_letter| dead_letter.queue == queue.name())
            .unwrap_or_else(|| Self {
                queue: queue.name().to_owned(),
                message_id: message_id.to_owned(),
                reason: Self::MOVED_BY_PLATFORM.to_owned(),
                attempts: queue.consumption().retry.retries_max + 1,
                failed_at_ms: now_ms,
                is_transient: Event::decode(text).is_ok(),
                body: text.to_owned(),
            })
    }

    /// The id, derived from the event: an event that is dead-lettered twice, for example once more after the
    /// sweep resent it, is one dead letter. For a body that does not decode the id is derived from the
    /// message, whatever id the body claims.
    pub fn id(&self) -> Uuid {
        match Event::decode(&self.body) {
            Ok(event) => {
                ids::derived(&["dead-letter", &self.queue, "event", &event.id.to_string()])
            }
            Err(_) => ids::derived(&["dead-letter", &self.queue, "message", &self.message_id]),
        }
    }

    /// The reason with `#` in place of numbers and ids: dead letters of one fault have the same group.
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

/// The length from which a word of hexadecimal digits counts as an id. A project default: half of a span
/// id, and longer than the words in error texts that are spelled with a to f only.
const ID_DIGITS_MIN: usize = 8;

/// Appends a word to a group: an id becomes `#`, and so does each run of digits.
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

    fn dead_letter() -> DeadLetter {
        DeadLetter {
            queue: "ai-analysis".to_owned(),
            message_id: "m1".to_owned(),
            reason: "database unavailable".to_owned(),
            attempts: 4,
            failed_at_ms: 1_795_416_000_000,
            is_transient: true,
            body: "{\"a\":\"\\\"\"}".to_owned(),
        }
    }

    #[test]
    fn dead_letter_survives_the_round_trip() {
        let text = serde_json::to_string(&dead_letter()).unwrap();
        assert_eq!(DeadLetter::read(Queue::AiAnalysis, "m2", &text, 7), dead_letter());
    }

    #[test]
    fn messages_that_the_platform_moved_keep_their_body() {
        for body in ["", "garbage", "{}", "null", "{\"queue\":\"ai-analysis\"}"] {
            let read = DeadLetter::read(Queue::AiAnalysis, "m2", body, 7);
            assert_eq!(read.body, body);
            assert_eq!(read.reason, DeadLetter::MOVED_BY_PLATFORM);
            assert_eq!((read.attempts, read.failed_at_ms, read.is_transient), (4, 7, false));
        }
        let event = include_str!("../golden/AggregationUpdated.v1.json");
        assert!(DeadLetter::read(Queue::AiAnalysis, "m2", event, 7).is_transient);
    }

    #[test]
    fn dead_letter_of_an_older_version_waits_for_an_operator() {
        let permanent = DeadLetter { is_transient: false, ..dead_letter() };
        let text = serde_json::to_string(&permanent).unwrap();
        assert!(!text.contains("transient"), "{text}");
        assert_eq!(DeadLetter::read(Queue::AiAnalysis, "m2", &text, 7), permanent);
    }

    #[test]
    fn dead_letter_of_another_queue_is_treated_as_garbage() {
        let text = serde_json::to_string(&dead_letter()).unwrap();
        assert_eq!(DeadLetter::read(Queue::VolumeAggregation, "m2", &text, 7).body, text);
    }

    #[test]
    fn reasons_differing_in_numbers_and_ids_form_one_group() {
        let check = |reason: &str, group: &str| {
            let dead_letter = DeadLetter { reason: reason.to_owned(), ..dead_letter() };
            assert_eq!(dead_letter.reason_group(), group, "{reason}");
        };
        check("", "");
        check("database: unavailable", "database: unavailable");
        check("a workout of 501 sets", "a workout of # sets");
        check("01a20785-0b62-7169-a234-e1edb5d47d8e is unknown", "# is unknown");
        check("trace beb28d84fe444ea65d67d58c1f085012.", "trace #.");
        check("line 1 column 17", "line # column #");
        check("-1.5 kg, e1RM 12x8", "-#.# kg, e#RM #x#");
        check("decade facade deadbeefs", "decade facade deadbeefs");
        check("2026-11-23T12:00:00Z", "#-#-#T#:#:#Z");
        check("\u{1f3cb} ünit 7", "\u{1f3cb} ünit #");
    }

    #[test]
    fn dead_letter_id_is_derived_from_event_or_message() {
        let redelivered =
            |original: &DeadLetter| DeadLetter { message_id: "m9".to_owned(), ..original.clone() };
        let golden = include_str!("../golden/AggregationUpdated.v1.json");
        let event = DeadLetter { body: golden.to_owned(), ..dead_letter() };
        assert_eq!(event.id(), redelivered(&event).id());
        let garbage = DeadLetter { body: r#"{"id":"1"}"#.to_owned(), ..dead_letter() };
        assert_ne!(garbage.id(), redelivered(&garbage).id());
    }
}

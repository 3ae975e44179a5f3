//! A message of a queue: an event, a dead letter, or anything at all.

use shared_kernel::event::{EventHeader, MESSAGE_BYTES_MAX};
use shared_kernel::{DeadLetter, Event, Queue, TraceContext};

/// What decodes is encoded to a text that decodes to the same; its label says what it is; a dead
/// letter of it keeps every byte, and its id.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(trace) = text.parse::<TraceContext>() {
        assert_eq!(trace.to_string(), text);
    }
    let label = EventHeader::read(text);
    let decoded = Event::decode(text);
    if let Ok(event) = &decoded {
        assert!(text.len() <= MESSAGE_BYTES_MAX);
        let encoded = event.encode().expect("what was JSON is JSON again");
        assert_eq!(&Event::decode(&encoded).expect("what we write decodes"), event);
        let name = event.event_type().wire_name();
        assert_eq!(label.event_type.as_deref(), Some(name));
        assert_eq!(label.trace_id(), Some(event.trace.trace_id()));
        assert_eq!(EventHeader::read(&encoded).id, Some(event.id.to_string()));
    }
    let letter = DeadLetter::read(Queue::AiAnalysis, "message", text, 0);
    let written = serde_json::to_string(&letter).expect("a letter is JSON");
    let read = DeadLetter::read(Queue::AiAnalysis, "another", &written, 1);
    assert_eq!(read, letter);
    assert_eq!(read.id(), letter.id());
    assert!(!letter.reason_group().contains(|c: char| c.is_ascii_digit()));
}

//! Queue messages: events, dead letters, or any other text.

use shared_kernel::event::{EventHeader, MESSAGE_BYTES_MAX};
use shared_kernel::{DeadLetter, Event, Queue, TraceContext};

/// A decoded event survives a round trip, its header agrees with it, and its dead letter keeps every
/// byte and has a stable id.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(trace) = text.parse::<TraceContext>() {
        assert_eq!(trace.to_string(), text);
    }
    let header = EventHeader::read(text);
    let decoded = Event::decode(text);
    if let Ok(event) = &decoded {
        assert!(text.len() <= MESSAGE_BYTES_MAX);
        let encoded = event.encode().expect("an event is JSON");
        assert_eq!(&Event::decode(&encoded).expect("an encoded event decodes"), event);
        let name = event.event_type().wire_name();
        assert_eq!(header.event_type.as_deref(), Some(name));
        assert_eq!(header.trace_id(), Some(event.trace.trace_id()));
        assert_eq!(EventHeader::read(&encoded).id, Some(event.id.to_string()));
    }
    let dead_letter = DeadLetter::read(Queue::AiAnalysis, "message", text, 0);
    let encoded = serde_json::to_string(&dead_letter).expect("a dead letter is JSON");
    let decoded = DeadLetter::read(Queue::AiAnalysis, "another", &encoded, 1);
    assert_eq!(decoded, dead_letter);
    assert_eq!(decoded.id(), dead_letter.id());
    assert!(!dead_letter.reason_group().contains(|c: char| c.is_ascii_digit()));
}

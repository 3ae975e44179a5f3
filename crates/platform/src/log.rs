//! Logging: a `tracing` subscriber that writes each event as one JSON line.
//!
//! Log lines hold ids, types, outcomes and durations, never a body, a key or an email address.

use serde_json::{Map, Value};
use std::fmt::Debug;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Writes each event of level INFO and above as one JSON line. Spans are not used.
pub struct JsonLines {
    write: fn(&str),
}

impl JsonLines {
    /// Passes each line to `write`.
    pub fn new(write: fn(&str)) -> Self {
        Self { write }
    }
}

impl Subscriber for JsonLines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= Level::INFO
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(Map::new());
        let level = event.metadata().level().as_str().to_ascii_lowercase();
        line.0.insert("level".to_owned(), Value::String(level));
        event.record(&mut line);
        (self.write)(&Value::Object(line.0).to_string());
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line(Map<String, Value>);

impl Line {
    fn put(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name().to_owned(), value);
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, Value::String(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, Value::from(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, Value::from(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, Value::from(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, Value::from(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, Value::from(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    thread_local! {
        static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    #[test]
    fn an_event_is_one_json_line_without_its_empty_fields() {
        let subscriber =
            JsonLines::new(|line| LINES.with_borrow_mut(|all| all.push(line.to_owned())));
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(attempt = 2_u32, reason = None::<&str>, queue = "q\n\"", "event");
            tracing::debug!("not worth a line");
        });
        let lines = LINES.take();
        assert_eq!(lines, [r#"{"attempt":2,"level":"info","message":"event","queue":"q\n\""}"#]);
    }
}

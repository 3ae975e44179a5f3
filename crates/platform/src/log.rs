//! Logging: a `tracing` subscriber that writes each event as one JSON line.
//!
//! Log lines hold ids, types, outcomes and durations, never a body, a key or an email address.
//!
//! The level of a line is the one of its macro, or the one that its field `level` names: the line of an
//! event or a request has the level of its outcome, with one call of a macro.

use serde_json::{Map, Value};
use std::fmt::Debug;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Writes each event of level INFO and above as one JSON line. Spans are not used.
pub struct JsonLines {
    write: fn(Level, &str),
}

impl JsonLines {
    /// Passes each line to `write`, with its level.
    pub fn new(write: fn(Level, &str)) -> Self {
        Self { write }
    }
}

impl Subscriber for JsonLines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= Level::INFO
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line { level: *event.metadata().level(), fields: Map::new() };
        event.record(&mut line);
        let level = line.level.as_str().to_ascii_lowercase();
        line.fields.insert("level".to_owned(), Value::String(level));
        (self.write)(line.level, &Value::Object(line.fields).to_string());
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line {
    level: Level,
    fields: Map<String, Value>,
}

impl Line {
    fn put(&mut self, field: &Field, value: Value) {
        self.fields.insert(field.name().to_owned(), value);
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, Value::String(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match (field.name(), value) {
            ("level", "ERROR") => self.level = Level::ERROR,
            ("level", "WARN") => self.level = Level::WARN,
            ("level", _) => {}
            _ => self.put(field, Value::from(value)),
        }
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
        static LINES: RefCell<Vec<(Level, String)>> = const { RefCell::new(Vec::new()) };
    }

    fn lines_of(log: impl Fn()) -> Vec<(Level, String)> {
        let subscriber = JsonLines::new(|level, line| {
            LINES.with_borrow_mut(|all| all.push((level, line.to_owned())));
        });
        tracing::subscriber::with_default(subscriber, log);
        LINES.take()
    }

    #[test]
    fn an_event_is_one_json_line_without_its_empty_fields() {
        let lines = lines_of(|| {
            tracing::info!(attempt = 2_u32, reason = None::<&str>, queue = "q\n\"", "event");
            tracing::debug!("not worth a line");
        });
        let line = r#"{"attempt":2,"level":"info","message":"event","queue":"q\n\""}"#;
        assert_eq!(lines, [(Level::INFO, line.to_owned())]);
    }

    #[test]
    fn level_of_a_line_is_its_field_or_its_macro() {
        let lines = lines_of(|| {
            for level in [Level::ERROR, Level::WARN, Level::INFO] {
                tracing::info!(level = level.as_str(), "event");
            }
            tracing::warn!("queue unavailable");
        });
        let line = |level: Level, name: &str, message: &str| {
            (level, format!(r#"{{"level":"{name}","message":"{message}"}}"#))
        };
        let expected = [
            line(Level::ERROR, "error", "event"),
            line(Level::WARN, "warn", "event"),
            line(Level::INFO, "info", "event"),
            line(Level::WARN, "warn", "queue unavailable"),
        ];
        assert_eq!(lines, expected);
    }
}

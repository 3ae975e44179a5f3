//! W3C Trace Context: one trace id from the HTTP request through all four workers.

use crate::ids::EventId;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// A `traceparent` of version 00: `00-{32 hex}-{16 hex}-{2 hex}`, lower case, no all-zero ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: u128,
    span_id: u64,
    flags: u8,
}

/// The error for an invalid `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a W3C traceparent of version 00")]
pub struct InvalidTraceparent;

impl TraceContext {
    /// Starts a sampled trace from 24 random bytes.
    pub fn from_random(bytes: [u8; 24]) -> Self {
        let mut trace = [0; 16];
        let mut span = [0; 8];
        for (to, from) in trace.iter_mut().chain(span.iter_mut()).zip(bytes) {
            *to = from;
        }
        // An all-zero id is invalid and becomes 1.
        Self {
            trace_id: u128::from_be_bytes(trace).max(1),
            span_id: u64::from_be_bytes(span).max(1),
            flags: 1,
        }
    }

    /// The same trace in the span of an event. The span id is derived from the event's id, so a repeat of
    /// the event has the same span.
    #[must_use]
    pub fn in_span_of(self, event: EventId) -> Self {
        Self { span_id: ((event.0.as_u128() >> 64) as u64).max(1), ..self }
    }

    /// The trace id as 32 hex digits, the form in log lines.
    pub fn trace_id(self) -> String {
        format!("{:032x}", self.trace_id)
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, self.flags)
    }
}

impl FromStr for TraceContext {
    type Err = InvalidTraceparent;

    fn from_str(text: &str) -> Result<Self, InvalidTraceparent> {
        let mut parts = text.split('-');
        let mut field = |digits: usize| {
            parts.next().filter(|part| {
                part.len() == digits
                    && part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
            })
        };
        let fields = (field(2), field(32), field(16), field(2));
        let (Some("00"), Some(trace), Some(span), Some(flags)) = fields else {
            return Err(InvalidTraceparent);
        };
        let context = Self {
            trace_id: u128::from_str_radix(trace, 16).map_err(|_| InvalidTraceparent)?,
            span_id: u64::from_str_radix(span, 16).map_err(|_| InvalidTraceparent)?,
            flags: u8::from_str_radix(flags, 16).map_err(|_| InvalidTraceparent)?,
        };
        let valid = context.trace_id != 0 && context.span_id != 0 && parts.next().is_none();
        valid.then_some(context).ok_or(InvalidTraceparent)
    }
}

impl Serialize for TraceContext {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TraceContext {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn only_valid_traceparents_are_parsed() {
        assert_eq!(EXAMPLE.parse::<TraceContext>().unwrap().to_string(), EXAMPLE);
        for invalid in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "00-4bf92f3577b34da6a3ce929d0e0e473+-00f067aa0ba902b7-01",
        ] {
            assert_eq!(invalid.parse::<TraceContext>(), Err(InvalidTraceparent), "{invalid}");
        }
    }

    proptest! {
        #[test]
        fn random_trace_survives_the_round_trip(bytes: [u8; 24]) {
            let context = TraceContext::from_random(bytes);
            prop_assert_eq!(context.to_string().parse(), Ok(context));
        }
    }
}

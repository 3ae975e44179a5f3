//! The events, and the envelope that carries them: CloudEvents 1.0 as JSON text.

use crate::ids::{AthleteId, EventId};
use crate::json_error::without_values;
use crate::payload::{
    AggregationUpdated, ImportSliceStored, MailFellDue, NotificationRequested,
    TrainingPatternDetected, TrainingSetRecorded, TrainingWeekEnded, VolumeThresholdReached,
    VolumeUpdated, WebhookDeliveryRequested, WorkoutCompleted, WorkoutDeleted,
};
use crate::trace::TraceContext;
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The longest text that is worth decoding: the platform's limit of a message, 128,000 bytes.
pub const MESSAGE_BYTES_MAX: usize = 128_000;

/// A field of a label that is longer is no label (ours; ours have 55 at most).
const LABEL_BYTES_MAX: usize = 100;

/// Defines the events: `Name(field of its payload that says whom it is about) => "wire name"`.
macro_rules! events {
    ($( $(#[$doc:meta])* $name:ident ( $($athlete:ident).+ ) => $wire:literal ),+ $(,)?) => {
        /// The types of events. A `match` on it has no wildcard arm: a new event breaks the build
        /// wherever a decision about it is missing.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EventType { $( $(#[$doc])* $name, )+ }

        /// What an event says, by its type.
        #[derive(Clone, Debug, PartialEq)]
        pub enum EventData { $( $(#[$doc])* $name($name), )+ }

        impl EventType {
            /// Every type of event.
            pub const ALL: &'static [Self] = &[ $( Self::$name, )+ ];

            /// The CloudEvents `type`, with the version of the payload.
            pub const fn wire_name(self) -> &'static str {
                match self { $( Self::$name => $wire, )+ }
            }
        }

        impl EventData {
            /// Its type.
            pub const fn event_type(&self) -> EventType {
                match self { $( Self::$name(_) => EventType::$name, )+ }
            }

            /// Whom it is about.
            pub const fn athlete_id(&self) -> AthleteId {
                match self { $( Self::$name(data) => data.$($athlete).+, )+ }
            }

            fn to_json(&self) -> Result<String, serde_json::Error> {
                match self { $( Self::$name(data) => serde_json::to_string(data), )+ }
            }

            fn from_json(event_type: EventType, json: &str) -> Result<Self, serde_json::Error> {
                Ok(match event_type {
                    $( EventType::$name => Self::$name(serde_json::from_str(json)?), )+
                })
            }
        }

        $(
            impl Payload for $name {
                const TYPE: EventType = EventType::$name;

                fn of(data: &EventData) -> Option<&Self> {
                    if let EventData::$name(payload) = data { Some(payload) } else { None }
                }
            }

            impl From<$name> for EventData {
                fn from(data: $name) -> Self {
                    Self::$name(data)
                }
            }
        )+
    };
}

events! {
    /// A set was added, corrected or removed in a workout that goes on.
    TrainingSetRecorded(workout.athlete_id) => "bulktrack.TrainingSetRecorded.v1",
    /// A workout is complete.
    WorkoutCompleted(workout.athlete_id) => "bulktrack.WorkoutCompleted.v1",
    /// A workout was deleted.
    WorkoutDeleted(workout.athlete_id) => "bulktrack.WorkoutDeleted.v1",
    /// A completed workout was changed.
    VolumeUpdated(workout.athlete_id) => "bulktrack.VolumeUpdated.v1",
    /// A slice of an import is stored and waits to be counted.
    ImportSliceStored(athlete_id) => "bulktrack.ImportSliceStored.v1",
    /// The volume of a week is another one.
    AggregationUpdated(athlete_id) => "bulktrack.AggregationUpdated.v1",
    /// Muscles crossed a landmark within a week.
    VolumeThresholdReached(athlete_id) => "bulktrack.VolumeThresholdReached.v1",
    /// A week is over: time to report on it.
    TrainingWeekEnded(athlete_id) => "bulktrack.TrainingWeekEnded.v1",
    /// A pattern was found.
    TrainingPatternDetected(athlete_id) => "bulktrack.TrainingPatternDetected.v1",
    /// Somebody is to be told something.
    NotificationRequested(athlete_id) => "bulktrack.NotificationRequested.v1",
    /// A mail that waited may go.
    MailFellDue(athlete_id) => "bulktrack.MailFellDue.v1",
    /// An event is to be sent to one outgoing endpoint.
    WebhookDeliveryRequested(athlete_id) => "bulktrack.WebhookDeliveryRequested.v1",
}

/// The payload of one type of event.
pub trait Payload: Clone + Serialize + DeserializeOwned + 'static {
    /// The type of event that carries it.
    const TYPE: EventType;

    /// It, when the data is of its type.
    fn of(data: &EventData) -> Option<&Self>;
}

/// An event: what happened, where, when, to whom, and because of what.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The same for a repeat.
    pub id: EventId,
    /// The worker that published it: `/bulktrack/api`.
    pub source: String,
    /// What it is about, as a path: `workouts/<id>`.
    pub subject: String,
    /// When it happened.
    pub time: DateTime<Utc>,
    /// The trace of the request that set everything going.
    pub trace: TraceContext,
    /// One for all that a request set going.
    pub correlation_id: String,
    /// The event that this one follows from.
    pub causation_id: Option<EventId>,
    /// What it says.
    pub data: EventData,
}

/// Why a text is no event of ours. Each is for good: the same text never decodes.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Longer than a message can be.
    #[error("decode: {bytes} bytes are over the {MESSAGE_BYTES_MAX} of a message")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// No CloudEvents envelope.
    #[error("decode: not a CloudEvents 1.0 envelope: {}", without_values(.0))]
    Envelope(serde_json::Error),
    /// Of another version of CloudEvents.
    #[error("decode: CloudEvents {0}, not 1.0")]
    SpecVersion(String),
    /// Of a type that nobody here knows.
    #[error("decode: unknown event type {0}")]
    UnknownType(String),
    /// The payload is not what its type says.
    #[error("decode: {event_type:?} has a payload that is not its own: {}", without_values(.error))]
    Data {
        /// The type it claims.
        event_type: EventType,
        /// Where the payload fails.
        error: serde_json::Error,
    },
}

/// The envelope as it is written. Extension names are lower case, as CloudEvents wants them.
#[derive(Serialize, Deserialize)]
struct Envelope<'a> {
    specversion: String,
    id: EventId,
    source: String,
    #[serde(rename = "type")]
    event_type: String,
    subject: String,
    time: DateTime<Utc>,
    datacontenttype: String,
    partitionkey: AthleteId,
    traceparent: TraceContext,
    correlationid: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    causationid: Option<EventId>,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// What can be read off a text, whether it decodes or not: enough for a log line and for a dead
/// letter's row. Unverified.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Label {
    /// The event's id.
    #[serde(default)]
    pub id: Option<String>,
    /// Its type.
    #[serde(default, rename = "type")]
    pub event_type: Option<String>,
    /// Whom it is about.
    #[serde(default)]
    pub partitionkey: Option<String>,
    /// Its trace.
    #[serde(default)]
    pub traceparent: Option<String>,
}

impl Label {
    /// As much as there is; nothing for garbage.
    pub fn read(text: &str) -> Self {
        let read: Self = serde_json::from_str(text).unwrap_or_default();
        let short = |field: Option<String>| field.filter(|text| text.len() <= LABEL_BYTES_MAX);
        Self {
            id: short(read.id),
            event_type: short(read.event_type),
            partitionkey: short(read.partitionkey),
            traceparent: short(read.traceparent),
        }
    }

    /// Its trace id as 32 hex digits, as the logs show it.
    pub fn trace_id(&self) -> Option<String> {
        let trace = self.traceparent.as_deref()?.parse::<TraceContext>().ok()?;
        Some(trace.trace_id())
    }
}

impl Event {
    /// An event that follows from this one: same trace and correlation, this one as its cause.
    #[must_use]
    pub fn followed_by(
        &self,
        id: EventId,
        source: &str,
        subject: String,
        time: DateTime<Utc>,
        data: EventData,
    ) -> Self {
        Self {
            id,
            source: source.to_owned(),
            subject,
            time,
            trace: self.trace.in_span_of(id),
            correlation_id: self.correlation_id.clone(),
            causation_id: Some(self.id),
            data,
        }
    }

    /// Its type.
    pub const fn event_type(&self) -> EventType {
        self.data.event_type()
    }

    /// The text that travels.
    ///
    /// Fails only when a payload cannot be JSON at all, a number that is not finite say.
    pub fn encode(&self) -> Result<String, serde_json::Error> {
        let data = RawValue::from_string(self.data.to_json()?)?;
        serde_json::to_string(&Envelope {
            specversion: "1.0".to_owned(),
            id: self.id,
            source: self.source.clone(),
            event_type: self.event_type().wire_name().to_owned(),
            subject: self.subject.clone(),
            time: self.time,
            datacontenttype: "application/json".to_owned(),
            partitionkey: self.data.athlete_id(),
            traceparent: self.trace,
            correlationid: self.correlation_id.clone(),
            causationid: self.causation_id,
            data: &data,
        })
    }

    /// The event that a text says.
    pub fn decode(text: &str) -> Result<Self, DecodeError> {
        if text.len() > MESSAGE_BYTES_MAX {
            return Err(DecodeError::TooLong { bytes: text.len() });
        }
        let envelope: Envelope<'_> = serde_json::from_str(text).map_err(DecodeError::Envelope)?;
        if envelope.specversion != "1.0" {
            return Err(DecodeError::SpecVersion(envelope.specversion));
        }
        let event_type = EventType::ALL
            .iter()
            .copied()
            .find(|known| known.wire_name() == envelope.event_type)
            .ok_or(DecodeError::UnknownType(envelope.event_type))?;
        let data = EventData::from_json(event_type, envelope.data.get())
            .map_err(|error| DecodeError::Data { event_type, error })?;
        Ok(Self {
            id: envelope.id,
            source: envelope.source,
            subject: envelope.subject,
            time: envelope.time,
            trace: envelope.traceparent,
            correlation_id: envelope.correlationid,
            causation_id: envelope.causationid,
            data,
        })
    }
}

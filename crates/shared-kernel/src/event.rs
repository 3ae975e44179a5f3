//! The events, and the envelope that carries them: CloudEvents 1.0 as JSON text.

use crate::ids::{AthleteId, EventId};
use crate::json::{self, Tree};
use crate::json_error::without_values;
use crate::payload;
use crate::routing::Queue;
use crate::trace::TraceContext;
use chrono::{DateTime, Utc};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Serialize};

/// The platform's limit of a message, in bytes; a longer text is not decoded.
pub const MESSAGE_BYTES_MAX: usize = 128_000;

/// The longest field of an [`EventHeader`], in bytes; the project's own have 55 at most.
const HEADER_FIELD_BYTES_MAX: usize = 100;

/// Defines the events: `Name(path of the athlete's id in the payload): "wire name" => Queue`.
macro_rules! events {
    ($( $name:ident ( $($athlete:ident).+ ) : $wire:literal => $queue:ident ),+ $(,)?) => {
        /// The types of events. A `match` on it has no wildcard arm, so that a new event breaks the build
        /// where such a match lacks it (docs/adding-an-event.md).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EventType { $( $name, )+ }

        /// The payload of an event, by its type.
        #[derive(Clone, Debug, PartialEq)]
        pub enum EventData { $( $name(payload::$name), )+ }

        impl EventType {
            /// Every type of event.
            pub const ALL: &'static [Self] = &[ $( Self::$name, )+ ];

            /// The CloudEvents `type`, with the version of the payload.
            pub const fn wire_name(self) -> &'static str {
                match self { $( Self::$name => $wire, )+ }
            }

            /// The queue that carries it.
            pub const fn queue(self) -> Queue {
                match self { $( Self::$name => Queue::$queue, )+ }
            }

            /// The name in the code.
            pub const fn name(self) -> &'static str {
                match self { $( Self::$name => stringify!($name), )+ }
            }

            /// The JSON schema of the payload. Native only.
            #[cfg(not(target_arch = "wasm32"))]
            pub fn payload_schema(
                self,
                generator: &mut schemars::SchemaGenerator,
            ) -> schemars::Schema {
                match self { $( Self::$name => generator.subschema_for::<payload::$name>(), )+ }
            }
        }

        impl EventData {
            /// The type of the event.
            pub const fn event_type(&self) -> EventType {
                match self { $( Self::$name(_) => EventType::$name, )+ }
            }

            /// The athlete that the event is about.
            pub const fn athlete_id(&self) -> AthleteId {
                match self { $( Self::$name(data) => data.$($athlete).+, )+ }
            }

            fn to_json(&self) -> Result<String, serde_json::Error> {
                match self { $( Self::$name(data) => serde_json::to_string(data), )+ }
            }

            fn from_tree(event_type: EventType, tree: &Tree<'_>) -> Result<Self, serde_json::Error> {
                Ok(match event_type {
                    $( EventType::$name => Self::$name(json::from_tree(tree)?), )+
                })
            }
        }

        $(
            impl Payload for payload::$name {
                const TYPE: EventType = EventType::$name;

                fn of(data: &EventData) -> Option<&Self> {
                    if let EventData::$name(data) = data { Some(data) } else { None }
                }
            }

            impl From<payload::$name> for EventData {
                fn from(data: payload::$name) -> Self {
                    Self::$name(data)
                }
            }
        )+
    };
}

events! {
    TrainingSetRecorded(workout.athlete_id): "bulktrack.TrainingSetRecorded.v1" => VolumeAggregation,
    WorkoutCompleted(workout.athlete_id): "bulktrack.WorkoutCompleted.v1" => VolumeAggregation,
    WorkoutDeleted(workout.athlete_id): "bulktrack.WorkoutDeleted.v1" => VolumeAggregation,
    VolumeUpdated(workout.athlete_id): "bulktrack.VolumeUpdated.v1" => VolumeAggregation,
    ImportSliceStored(athlete_id): "bulktrack.ImportSliceStored.v1" => VolumeAggregation,
    AggregationUpdated(athlete_id): "bulktrack.AggregationUpdated.v1" => AiAnalysis,
    VolumeThresholdReached(athlete_id): "bulktrack.VolumeThresholdReached.v1" => AiAnalysis,
    TrainingWeekEnded(athlete_id): "bulktrack.TrainingWeekEnded.v1" => AiAnalysis,
    TrainingPatternDetected(athlete_id): "bulktrack.TrainingPatternDetected.v1" => WebhookNotification,
    NotificationRequested(athlete_id): "bulktrack.NotificationRequested.v1" => WebhookNotification,
    MailFellDue(athlete_id): "bulktrack.MailFellDue.v1" => WebhookNotification,
    WorkoutChanged(athlete_id): "bulktrack.WorkoutChanged.v1" => WebhookNotification,
    WebhookDeliveryRequested(athlete_id): "bulktrack.WebhookDeliveryRequested.v1" => WebhookNotification,
}

/// The payload of one type of event.
pub trait Payload: Clone + Serialize + DeserializeOwned + 'static {
    /// The type of event that carries it.
    const TYPE: EventType;

    /// It, when the data is of its type.
    fn of(data: &EventData) -> Option<&Self>;
}

/// An event with the fields of its CloudEvents envelope.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Equal in every repeat of the event.
    pub id: EventId,
    /// The worker that published it, such as `/bulktrack/api`.
    pub source: String,
    /// A path, such as `workouts/<id>`.
    pub subject: String,
    pub time: DateTime<Utc>,
    pub trace: TraceContext,
    /// Equal for all events that follow from one request.
    pub correlation_id: String,
    pub causation_id: Option<EventId>,
    pub data: EventData,
}

/// The reason that a text is not an event of this project. Permanent: the same text never decodes.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("decode: {bytes} bytes are over the {MESSAGE_BYTES_MAX} of a message")]
    TooLong { bytes: usize },
    #[error("decode: not a CloudEvents 1.0 envelope: {}", without_values(.0))]
    Envelope(serde_json::Error),
    #[error("decode: CloudEvents {0}, not 1.0")]
    SpecVersion(String),
    #[error("decode: unknown event type {0}")]
    UnknownType(String),
    #[error("decode: {event_type:?} has an invalid payload: {}", without_values(.error))]
    Data { event_type: EventType, error: serde_json::Error },
}

/// The envelope on the wire, without its last field, `data`. Extension names are lower case, as CloudEvents
/// requires.
#[derive(Serialize, Deserialize)]
struct Envelope {
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
}

fn read_envelope(text: &str) -> Result<(Envelope, Tree<'_>), serde_json::Error> {
    let mut tree: Tree<'_> = serde_json::from_str(text)?;
    let data = tree.remove("data").ok_or_else(|| serde_json::Error::missing_field("data"))?;
    if tree.remove("data").is_some() {
        return Err(serde_json::Error::duplicate_field("data"));
    }
    Ok((json::from_tree(&tree)?, data))
}

/// The envelope fields of a text that may not decode, for log lines and dead letters. Unverified.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct EventHeader {
    #[serde(default)]
    pub id: Option<String>,
    #[serde(default, rename = "type")]
    pub event_type: Option<String>,
    #[serde(default)]
    pub partitionkey: Option<String>,
    #[serde(default)]
    pub traceparent: Option<String>,
}

impl EventHeader {
    /// Reads the fields that the text has; all are `None` if it is not a JSON object.
    pub fn read(text: &str) -> Self {
        let header: Self = json::from_str(text).unwrap_or_default();
        let short =
            |field: Option<String>| field.filter(|text| text.len() <= HEADER_FIELD_BYTES_MAX);
        Self {
            id: short(header.id),
            event_type: short(header.event_type),
            partitionkey: short(header.partitionkey),
            traceparent: short(header.traceparent),
        }
    }

    /// The trace id as 32 hex digits, the form in log lines.
    pub fn trace_id(&self) -> Option<String> {
        let trace = self.traceparent.as_deref()?.parse::<TraceContext>().ok()?;
        Some(trace.trace_id())
    }
}

impl Event {
    /// Requests an attempt of a webhook delivery. The id is derived from the endpoint, the delivered
    /// event, the attempt and `reason`: a repeat is the same event.
    pub fn webhook_delivery_requested(
        data: payload::WebhookDeliveryRequested,
        source: &str,
        reason: &str,
        trace: TraceContext,
        now: DateTime<Utc>,
    ) -> Self {
        let payload::WebhookDeliveryRequested { endpoint_id, event_id, attempt, .. } = data;
        let parts = [endpoint_id.to_string(), event_id.to_string(), attempt.to_string()];
        let [endpoint, delivered, attempt] = &parts;
        let id =
            EventId::derived(&["WebhookDeliveryRequested", endpoint, delivered, attempt, reason]);
        Self {
            id,
            source: source.to_owned(),
            subject: format!("webhooks/{endpoint_id}"),
            time: now,
            trace: trace.in_span_of(id),
            correlation_id: event_id.to_string(),
            causation_id: Some(event_id),
            data: data.into(),
        }
    }

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

    /// The type of the event.
    pub const fn event_type(&self) -> EventType {
        self.data.event_type()
    }

    /// Encodes the event as the JSON text of a message.
    ///
    /// Fails only if a payload cannot be JSON, for example a number that is not finite.
    pub fn encode(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string(&Envelope {
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
        })?;
        text.pop();
        text.push_str(",\"data\":");
        text.push_str(&self.data.to_json()?);
        text.push('}');
        Ok(text)
    }

    /// Decodes the JSON text of a message.
    pub fn decode(text: &str) -> Result<Self, DecodeError> {
        if text.len() > MESSAGE_BYTES_MAX {
            return Err(DecodeError::TooLong { bytes: text.len() });
        }
        let (envelope, payload) = read_envelope(text).map_err(DecodeError::Envelope)?;
        if envelope.specversion != "1.0" {
            return Err(DecodeError::SpecVersion(envelope.specversion));
        }
        let event_type = EventType::ALL
            .iter()
            .copied()
            .find(|known| known.wire_name() == envelope.event_type)
            .ok_or(DecodeError::UnknownType(envelope.event_type))?;
        let data = EventData::from_tree(event_type, &payload)
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

//! THE table of event types that an athlete's endpoints receive. Not the events between the workers:
//! those are in [`crate::event`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A type of event that endpoints receive.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum WebhookEventType {
    /// A workout was completed.
    #[serde(rename = "workout.completed")]
    WorkoutCompleted,
    /// A completed workout was changed.
    #[serde(rename = "workout.updated")]
    WorkoutUpdated,
    /// A completed workout was deleted.
    #[serde(rename = "workout.deleted")]
    WorkoutDeleted,
    /// A workout set personal records.
    #[serde(rename = "record.set")]
    RecordSet,
    /// A pattern was detected in the training.
    #[serde(rename = "pattern.detected")]
    PatternDetected,
    /// A pattern that the athlete was notified of is no longer detected.
    #[serde(rename = "pattern.resolved")]
    PatternResolved,
    /// The report of a week is ready.
    #[serde(rename = "report.weekly")]
    ReportWeekly,
    /// An import was processed.
    #[serde(rename = "import.finished")]
    ImportFinished,
    /// Another endpoint of the athlete was disabled.
    #[serde(rename = "endpoint.disabled")]
    EndpointDisabled,
    /// The owner of the endpoint requested a test.
    #[serde(rename = "test")]
    Test,
}

impl WebhookEventType {
    /// The types that an endpoint can select, in the order of the documentation.
    pub const SELECTABLE: [Self; 9] = [
        Self::WorkoutCompleted,
        Self::WorkoutUpdated,
        Self::WorkoutDeleted,
        Self::RecordSet,
        Self::PatternDetected,
        Self::PatternResolved,
        Self::ReportWeekly,
        Self::ImportFinished,
        Self::EndpointDisabled,
    ];

    /// Returns every type. The test, which is always delivered, is the last.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::SELECTABLE.into_iter().chain([Self::Test])
    }

    /// Returns the wire name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WorkoutCompleted => "workout.completed",
            Self::WorkoutUpdated => "workout.updated",
            Self::WorkoutDeleted => "workout.deleted",
            Self::RecordSet => "record.set",
            Self::PatternDetected => "pattern.detected",
            Self::PatternResolved => "pattern.resolved",
            Self::ReportWeekly => "report.weekly",
            Self::ImportFinished => "import.finished",
            Self::EndpointDisabled => "endpoint.disabled",
            Self::Test => "test",
        }
    }

    /// Returns the selectable type with this wire name.
    pub fn parse_selectable(name: &str) -> Option<Self> {
        Self::SELECTABLE.into_iter().find(|event_type| event_type.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn wire_name_of_an_event_type_is_its_json() {
        for event_type in WebhookEventType::all() {
            assert_eq!(json!(event_type), event_type.as_str());
        }
    }

    #[test]
    fn every_type_but_the_test_is_selectable() {
        for event_type in WebhookEventType::all() {
            let is_selectable = event_type != WebhookEventType::Test;
            let parsed = WebhookEventType::parse_selectable(event_type.as_str());
            assert_eq!(parsed, is_selectable.then_some(event_type));
        }
        assert_eq!(WebhookEventType::parse_selectable("record.broken"), None);
    }
}

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
    /// Every type, in the order of the documentation.
    pub const ALL: [Self; 10] = [
        Self::WorkoutCompleted,
        Self::WorkoutUpdated,
        Self::WorkoutDeleted,
        Self::RecordSet,
        Self::PatternDetected,
        Self::PatternResolved,
        Self::ReportWeekly,
        Self::ImportFinished,
        Self::EndpointDisabled,
        Self::Test,
    ];

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

    /// Whether an endpoint can select it. A test is always delivered.
    pub const fn is_selectable(self) -> bool {
        !matches!(self, Self::Test)
    }

    /// Returns the selectable type with this wire name.
    pub fn parse_selectable(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.is_selectable() && kind.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn wire_name_of_an_event_type_is_its_json() {
        for event_type in WebhookEventType::ALL {
            assert_eq!(json!(event_type), event_type.as_str());
        }
    }

    #[test]
    fn every_type_but_the_test_is_selectable() {
        let selectable = WebhookEventType::ALL
            .into_iter()
            .filter(|it| WebhookEventType::parse_selectable(it.as_str()) == Some(*it));
        assert_eq!(selectable.collect::<Vec<_>>(), WebhookEventType::ALL[..9]);
        assert_eq!(WebhookEventType::parse_selectable("record.broken"), None);
    }
}

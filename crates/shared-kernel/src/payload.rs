//! The payload of each event. The wire format of every payload is pinned by a golden file in
//! `crates/shared-kernel/golden/`: a version is never edited; a changed meaning is a new version.

use crate::ids::{AthleteId, EventId, WorkoutId};
use crate::webhook_event::WebhookEventType;
use chrono::{DateTime, FixedOffset, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use training::{Grams, HalfSets, Muscle, PerformedExercise, Volume, WeekStart};
use uuid::Uuid;

/// A whole workout at one revision, with all that its volume depends on: a consumer needs no
/// catalogue, no database and no earlier event. Titles and notes are left out, so that 500 sets stay
/// well under the 128,000 bytes of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkoutSnapshot {
    pub athlete_id: AthleteId,
    pub workout_id: WorkoutId,
    /// 1 when posted; each change, the deletion included, adds 1.
    pub revision: i64,
    /// In the athlete's own offset, which decides the local day.
    pub started_at: DateTime<FixedOffset>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_weight_grams: Option<Grams>,
    pub exercises: Vec<PerformedExercise>,
}

/// A set was added to, corrected in or removed from a workout in progress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrainingSetRecorded {
    pub workout: WorkoutSnapshot,
}

/// A workout is complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkoutCompleted {
    pub workout: WorkoutSnapshot,
}

/// A workout was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkoutDeleted {
    /// The last content, at the revision that deleted it.
    pub workout: WorkoutSnapshot,
}

/// A completed workout was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VolumeUpdated {
    pub workout: WorkoutSnapshot,
}

/// A slice of an import is stored and waits to be counted. The only payload that names its data
/// instead of carrying it: a slice may be half a megabyte, four times the size of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportSliceStored {
    pub athlete_id: AthleteId,
    pub import_id: Uuid,
    /// From 0.
    pub slice: i64,
}

/// The volume of a week changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AggregationUpdated {
    pub athlete_id: AthleteId,
    pub week_start: WeekStart,
    pub volume: Volume,
    /// Whether the athlete is not notified of what the analysis finds: the week ended more than 14 days before
    /// the change, or the change only took workouts away.
    #[serde(default, skip_serializing_if = "is_false")]
    pub quiet: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// One or more muscles crossed a landmark within a week. One change of the week is one event,
/// whatever number of landmarks it crosses, so that a full-body workout is not a burst of messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VolumeThresholdReached {
    pub athlete_id: AthleteId,
    pub week_start: WeekStart,
    /// In the order of the muscles; never empty.
    pub crossings: Vec<Crossing>,
}

/// One muscle crossed one landmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Crossing {
    pub muscle: Muscle,
    pub threshold: Threshold,
    /// The muscle's hard sets of the week.
    pub half_sets: HalfSets,
    pub limit_half_sets: HalfSets,
}

/// The landmarks whose crossing is announced.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    /// The hard sets of the week are at least MEV.
    MevReached,
    /// The hard sets of the week exceed MRV.
    MrvExceeded,
}

/// A pattern in the athlete's training.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PatternKind {
    /// A muscle had more hard sets in a week than its MRV.
    VolumeAboveMrv,
    /// A muscle had fewer hard sets than its MEV in two or more consecutive complete weeks.
    VolumeBelowMev,
    /// The load of a week is far above that of the three weeks before.
    LoadSpike,
    /// The days of a week have a high and nearly equal load.
    HighMonotony,
    /// The e1RM of a lift rises.
    ProgressiveOverload,
    /// The e1RM of a lift does not change.
    Plateau,
    /// The e1RM of a lift falls.
    Regression,
    /// A week has far fewer hard sets than the weeks before.
    DeloadTaken,
    /// There are signs of fatigue, and the last deload is weeks ago.
    DeloadDue,
    /// The upper body has far more pushing sets than pulling sets, or the reverse.
    PushPullImbalance,
    /// The first weeks of training after a break.
    Comeback,
    /// Two or more weeks with far fewer workouts than usual.
    MissedWeeks,
    /// A lift repeats the same load and repetitions.
    RepeatedLoad,
    /// A block of heavy sets.
    StrengthBlock,
    /// Muscles that the athlete never trains.
    UntrainedMuscles,
}

impl PatternKind {
    /// Every kind, in the order of the wire.
    pub const ALL: [Self; 15] = [
        Self::VolumeAboveMrv,
        Self::VolumeBelowMev,
        Self::LoadSpike,
        Self::HighMonotony,
        Self::ProgressiveOverload,
        Self::Plateau,
        Self::Regression,
        Self::DeloadTaken,
        Self::DeloadDue,
        Self::PushPullImbalance,
        Self::Comeback,
        Self::MissedWeeks,
        Self::RepeatedLoad,
        Self::StrengthBlock,
        Self::UntrainedMuscles,
    ];
}

/// A pattern was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrainingPatternDetected {
    pub athlete_id: AthleteId,
    /// Derived from the pattern: a repeat has the same id.
    pub pattern_id: Uuid,
    pub pattern: PatternKind,
    /// A muscle, the slug of a lift, or `training` as a whole.
    pub subject: String,
    pub since: WeekStart,
    /// From 0 to 1.
    pub confidence: f64,
    pub evidence: Map<String, Value>,
    /// One line, for a list.
    pub title: String,
    pub recommendation: String,
}

/// A week has ended in every time zone: its report is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrainingWeekEnded {
    pub athlete_id: AthleteId,
    pub week_start: WeekStart,
}

/// A notification to an athlete is requested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotificationRequested {
    pub athlete_id: AthleteId,
    /// The wire name of a [`crate::NotificationKind`].
    pub kind: String,
    /// One line, for a list.
    pub title: String,
    pub body: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub data: Map<String, Value>,
}

/// An email that waited for an athlete is due: quiet hours ended, or a rejected email may be retried.
/// The consumer reads from the inbox which emails are due at that time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MailFellDue {
    pub athlete_id: AthleteId,
}

/// A workout was completed, changed or deleted, and its athlete has endpoints that receive this. Ids only:
/// the consumer reads the workout as it is then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkoutChanged {
    pub athlete_id: AthleteId,
    pub workout_id: WorkoutId,
    /// The revision that completed, changed or deleted it.
    pub revision: i64,
    pub change: WorkoutChange,
}

/// The kind of change of a workout that endpoints receive.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum WorkoutChange {
    Completed,
    /// Changed after its completion.
    Updated,
    /// Deleted after its completion.
    Deleted,
}

impl WorkoutChange {
    /// Returns the type of event that endpoints receive.
    pub const fn webhook_type(self) -> WebhookEventType {
        match self {
            Self::Completed => WebhookEventType::WorkoutCompleted,
            Self::Updated => WebhookEventType::WorkoutUpdated,
            Self::Deleted => WebhookEventType::WorkoutDeleted,
        }
    }
}

impl WorkoutChanged {
    /// Returns the id of its event. It is derived from the workout, the revision and the change: a repeat
    /// has the same id.
    pub fn event_id(&self) -> EventId {
        let (workout, revision) = (self.workout_id.to_string(), self.revision.to_string());
        let change = self.change.webhook_type().as_str();
        EventId::derived(&["WorkoutChanged", &workout, &revision, change])
    }
}

/// An event is to be sent to one outgoing endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WebhookDeliveryRequested {
    pub athlete_id: AthleteId,
    pub endpoint_id: Uuid,
    pub event_id: EventId,
    /// The number of the attempt in the retry schedule, from 1.
    pub attempt: u32,
}

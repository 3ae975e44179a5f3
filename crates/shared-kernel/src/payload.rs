//! What each event says. The wire format of every payload is pinned by a golden file in
//! `crates/shared-kernel/golden/`: a version is never edited; a changed meaning is a new version.

use crate::event::Event;
use crate::ids::{AthleteId, EventId, WorkoutId};
use crate::trace::TraceContext;
use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use training::{Grams, HalfSets, Muscle, PerformedExercise, Volume, WeekStart};
use uuid::Uuid;

/// A whole workout at one revision, as far as its volume is concerned. It suffices by itself: who
/// has it needs no catalogue, no database and no earlier event. Titles and notes are not in it, so
/// that 500 sets stay well under the 128,000 bytes of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkoutSnapshot {
    /// Whose.
    pub athlete_id: AthleteId,
    /// Which.
    pub workout_id: WorkoutId,
    /// 1 when posted, one more with each change, the deletion included.
    pub revision: i64,
    /// When it began, in the athlete's own offset: that decides the local day.
    pub started_at: DateTime<FixedOffset>,
    /// The athlete's body weight that counts for it, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_weight_grams: Option<Grams>,
    /// The exercises in order.
    pub exercises: Vec<PerformedExercise>,
}

/// A set was added to, corrected in or removed from a workout that goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingSetRecorded {
    /// The workout as it now stands.
    pub workout: WorkoutSnapshot,
}

/// A workout is complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkoutCompleted {
    /// The workout as it now stands.
    pub workout: WorkoutSnapshot,
}

/// A workout was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkoutDeleted {
    /// The workout as it last stood, at the revision that deleted it.
    pub workout: WorkoutSnapshot,
}

/// A completed workout was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeUpdated {
    /// The workout as it now stands.
    pub workout: WorkoutSnapshot,
}

/// A slice of an import is stored and waits to be counted. The one payload that does not suffice by
/// itself: what it names may be half a megabyte, four times what a message can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportSliceStored {
    /// Whose.
    pub athlete_id: AthleteId,
    /// Of which import.
    pub import_id: Uuid,
    /// Which slice, from 0.
    pub slice: i64,
}

/// The volume of a week is another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AggregationUpdated {
    /// Whose.
    pub athlete_id: AthleteId,
    /// The week.
    pub week_start: WeekStart,
    /// Its volume now.
    pub volume: Volume,
}

/// One or more muscles crossed a landmark within a week. All that one change of the week crossed
/// is one event, so that a workout that trains the whole body is not a burst of messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeThresholdReached {
    /// Whose.
    pub athlete_id: AthleteId,
    /// The week.
    pub week_start: WeekStart,
    /// What was crossed, in the order of the muscles; never empty.
    pub crossings: Vec<Crossing>,
}

/// One muscle crossed one landmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crossing {
    /// The muscle.
    pub muscle: Muscle,
    /// The landmark.
    pub threshold: Threshold,
    /// The muscle's hard sets of the week, in halves.
    pub half_sets: HalfSets,
    /// The landmark's value, in halves.
    pub limit_half_sets: HalfSets,
}

/// The landmarks whose crossing is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    /// The week's hard sets are at least MEV.
    MevReached,
    /// The week's hard sets are more than MRV.
    MrvExceeded,
}

/// A pattern in the athlete's training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PatternKind {
    /// A muscle got more hard sets in a week than it can recover from.
    VolumeAboveMrv,
    /// A muscle got too few hard sets, two complete weeks or more in a row.
    VolumeBelowMev,
    /// A week's load far over that of the three weeks before.
    LoadSpike,
    /// A week of hard days that are all alike.
    HighMonotony,
    /// A lift goes up.
    ProgressiveOverload,
    /// A lift stands still.
    Plateau,
    /// A lift goes down.
    Regression,
    /// A week with far fewer hard sets than the weeks before.
    DeloadTaken,
    /// Fatigue shows, and the last deload is long ago.
    DeloadDue,
    /// The upper body pushes much more than it pulls, or the other way round.
    PushPullImbalance,
}

impl PatternKind {
    /// Every kind, in the order of the wire.
    pub const ALL: [Self; 10] = [
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
    ];
}

/// A pattern was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingPatternDetected {
    /// Whose.
    pub athlete_id: AthleteId,
    /// The pattern itself; a repeat has the same id.
    pub pattern_id: Uuid,
    /// Which pattern.
    pub pattern: PatternKind,
    /// What it is about: a muscle, the slug of a lift, or `training` as a whole.
    pub subject: String,
    /// The week in which it began.
    pub since: WeekStart,
    /// How sure the rule is, 0 to 1.
    pub confidence: f64,
    /// The numbers that the rule saw.
    pub evidence: Map<String, Value>,
    /// A line for a list.
    pub title: String,
    /// What to do, in words that contain the numbers.
    pub recommendation: String,
}

/// A week is over everywhere on earth: time to report on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingWeekEnded {
    /// Whose.
    pub athlete_id: AthleteId,
    /// The week that is over.
    pub week_start: WeekStart,
}

/// Somebody is to be told something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationRequested {
    /// Whom.
    pub athlete_id: AthleteId,
    /// The name of a [`crate::NotificationKind`].
    pub kind: String,
    /// A line for a list.
    pub title: String,
    /// The text.
    pub body: String,
    /// The day it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<NaiveDate>,
    /// The numbers for machines.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub data: Map<String, Value>,
}

/// A mail of an athlete that waited may go: their quiet hours are over, or it was refused some time
/// ago. Which mails wait, the inbox says, as it is when they go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailFellDue {
    /// Whose.
    pub athlete_id: AthleteId,
}

/// An event is to be sent to one outgoing endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookDeliveryRequested {
    /// Whose endpoint.
    pub athlete_id: AthleteId,
    /// Which endpoint.
    pub endpoint_id: Uuid,
    /// The event that is delivered.
    pub event_id: EventId,
    /// Which attempt of its schedule, from 1.
    pub attempt: u32,
}

impl WebhookDeliveryRequested {
    /// The event that says so, from a worker and for a reason. Its id names all of that: a repeat is
    /// the same event.
    pub fn event(self, source: &str, why: &str, trace: TraceContext, now: DateTime<Utc>) -> Event {
        let Self { endpoint_id, event_id, attempt, .. } = self;
        let parts = [endpoint_id.to_string(), event_id.to_string(), attempt.to_string()];
        let [endpoint, delivered, number] = &parts;
        let id = EventId::derived(&["WebhookDeliveryRequested", endpoint, delivered, number, why]);
        Event {
            id,
            source: source.to_owned(),
            subject: format!("webhooks/{endpoint_id}"),
            time: now,
            trace: trace.in_span_of(id),
            correlation_id: event_id.to_string(),
            causation_id: Some(event_id),
            data: self.into(),
        }
    }
}

//! Training patterns, recommendations and weekly reports.

use crate::page::Limit;
use crate::values::{Day, Instant};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shared_kernel::notification_details::ReportDetails;
use shared_kernel::payload::PatternKind;
use shared_kernel::recommendation::Adjustment;
use training::WeekStart;
use uuid::Uuid;

/// The state of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PatternStatus {
    Open,
    Resolved,
}

/// The query of the patterns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PatternFilter {
    pub status: Option<PatternStatus>,
    #[serde(default)]
    pub limit: Limit,
}

/// A training pattern.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TrainingPattern")]
pub struct Pattern {
    pub id: Uuid,
    pub pattern: PatternKind,
    /// A muscle, a lift, or `training`.
    pub subject: String,
    /// The Monday of its first week.
    pub since: WeekStart,
    pub status: PatternStatus,
    /// 0 to 1.
    pub confidence: f64,
    /// The numbers that it follows from; their names depend on the pattern.
    pub evidence: Map<String, Value>,
    pub title: String,
    pub recommendation: String,
    pub detected_at: Instant,
    pub resolved_at: Option<Instant>,
}

/// A recommendation: its pattern with the change of the training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TrainingRecommendation")]
pub struct Recommended {
    #[serde(flatten)]
    pub pattern: Pattern,
    pub adjustment: Adjustment,
}

/// A weekly report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WeeklyReport {
    pub title: String,
    pub body: String,
    #[serde(flatten)]
    pub details: ReportDetails,
}

/// The query of a weekly report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportFilter {
    /// A day of the week; by default the newest report.
    pub week: Option<Day>,
}

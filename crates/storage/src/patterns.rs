//! Training patterns, recommendations, and the input of the analysis.

use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::guard::Guarded;
use crate::json_text;
use crate::keys::{KeyProof, page_with_key, with_key};
use crate::page::fitting;
use crate::sql::query;
use crate::training_history::{
    HistoryDay, HistoryWeek, LiftSession, Sessions, WeekRange, history_statement, read_sessions,
    sessions_statement,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use shared_kernel::AthleteId;
use shared_kernel::payload::{PatternKind, TrainingPatternDetected};
use std::collections::{BTreeMap, BTreeSet};
use training::landmarks::LandmarkOverrides;
use training::{Units, WeekStart};
use uuid::Uuid;

/// The input of the analysis for a list of athletes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AnalysisInput {
    /// Weeks with training, in order.
    pub weeks: BTreeMap<AthleteId, Vec<HistoryWeek>>,
    /// Days with training, in order.
    pub days: BTreeMap<AthleteId, Vec<HistoryDay>>,
    /// The sessions of each lift, in order.
    pub lifts: BTreeMap<AthleteId, BTreeMap<String, Vec<LiftSession>>>,
    /// The patterns that began in those weeks, and all open ones.
    pub known: BTreeMap<AthleteId, Vec<KnownPattern>>,
    pub landmarks: BTreeMap<AthleteId, LandmarkOverrides>,
    /// Weeks with workouts that are not yet aggregated.
    pub pending: BTreeMap<AthleteId, BTreeSet<WeekStart>>,
    pub reported: BTreeMap<AthleteId, WeekStart>,
    /// The units that athletes chose.
    pub units: BTreeMap<AthleteId, Units>,
    pub recommended: BTreeMap<AthleteId, Value>,
}

/// The state of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PatternStatus {
    Open,
    Resolved,
}

/// A stored pattern.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct KnownPattern {
    pub pattern_id: Uuid,
    #[serde(rename = "pattern")]
    pub kind: PatternKind,
    /// A muscle, a lift, or `training`.
    pub subject: String,
    pub since: WeekStart,
    pub status: PatternStatus,
    /// 0 to 1: at the last announcement, or when last stored if it is not announced.
    pub confidence: f64,
    #[serde(with = "json_text")]
    pub evidence: Map<String, Value>,
    /// How many times the athlete was notified.
    pub announcements: i64,
    /// The last notification; 0 is never.
    pub announced_at_ms: i64,
    pub resolved_at_ms: Option<i64>,
}

#[derive(Deserialize)]
struct StateRow {
    athlete_id: AthleteId,
    units: Option<Units>,
    #[serde(with = "json_text")]
    landmarks: LandmarkOverrides,
    #[serde(with = "json_text")]
    pending: BTreeSet<WeekStart>,
    reported_week: Option<WeekStart>,
    #[serde(with = "json_text")]
    recommended: Value,
}

/// Reads the input for all athletes of a batch, in one round trip: the weeks of `ranges`, which do
/// not overlap, and the patterns begun in them; the days and lifts of `windows`; the open patterns,
/// and the newest pattern of each kind and subject.
pub async fn analysis_input(
    database: &dyn Database,
    athletes: &[AthleteId],
    ranges: &[WeekRange],
    windows: &[WeekRange],
) -> Result<AnalysisInput, DatabaseError> {
    let known = query!("patterns/known.sql")
        .bind([("ranges", Param::json(&ranges)?), ("athletes", Param::json(&athletes)?)])?;
    let standing = query!("patterns/standing.sql").bind([("athletes", Param::json(&athletes)?)])?;
    let batch = vec![history_statement(ranges)?, sessions_statement(windows)?, known, standing];
    let mut results = Results::new(database.batch_repeatable(batch).await?);
    let weeks = results.by_athlete()?;
    let Sessions { days, lifts } = read_sessions(&mut results)?;
    let mut input = AnalysisInput {
        weeks,
        days,
        lifts,
        known: results.by_athlete()?,
        ..AnalysisInput::default()
    };
    for row in results.rows::<StateRow>()? {
        input.units.extend(row.units.map(|units| (row.athlete_id, units)));
        input.landmarks.insert(row.athlete_id, row.landmarks);
        input.pending.insert(row.athlete_id, row.pending);
        input.reported.extend(row.reported_week.map(|week| (row.athlete_id, week)));
        input.recommended.insert(row.athlete_id, row.recommended);
    }
    Ok(input)
}

/// An active pattern, to be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivePattern {
    pub data: TrainingPatternDetected,
    pub announcements: i64,
    /// Whether this run notified the athlete.
    pub is_notified: bool,
}

/// The changes of one athlete's patterns.
#[derive(Clone, Debug, PartialEq)]
pub struct PatternChanges {
    pub athlete_id: AthleteId,
    pub active: Vec<ActivePattern>,
    /// Resolved patterns, each with the `announcements` that the analysis read.
    pub resolved: Vec<(Uuid, i64)>,
    /// The new recommendations; `None` keeps the current ones.
    pub recommendations: Option<Value>,
}

/// Stores changes of patterns, in one round trip. A repeat changes nothing. A change that is based
/// on an outdated number of announcements is ignored.
pub async fn store(
    database: &dyn Database,
    changes: &[PatternChanges],
    now_ms: i64,
) -> Result<(), DatabaseError> {
    let stored: Vec<_> =
        changes.iter().flat_map(|changes| &changes.active).map(stored_row).collect();
    let resolved: Vec<_> = changes
        .iter()
        .flat_map(|changes| changes.resolved.iter().map(|(id, n)| (changes.athlete_id, id, n)))
        .collect();
    let items: Vec<_> = changes
        .iter()
        .filter_map(|changes| Some((changes.athlete_id, changes.recommendations.as_ref()?)))
        .collect();
    let store = query!("patterns/store.sql")
        .bind([("patterns", Param::json(&stored)?), ("now_ms", now_ms.into())])?;
    let resolve = Statement::new(
        "UPDATE patterns SET status = 'resolved', resolved_at_ms = ?2 FROM (\
         SELECT value ->> 0 AS athlete_id, value ->> 1 AS pattern_id, value ->> 2 AS told \
         FROM json_each(?1)) AS gone \
         WHERE patterns.athlete_id = gone.athlete_id AND patterns.pattern_id = gone.pattern_id \
         AND announcements = gone.told AND status = 'open'",
        [Param::json(&resolved)?, now_ms.into()],
    );
    let recommend = Statement::new(
        "INSERT INTO recommendations (athlete_id, items, made_at_ms) \
         SELECT value ->> 0, value -> 1, ?2 FROM json_each(?1) WHERE true ON CONFLICT (athlete_id) DO UPDATE SET items = excluded.items, \
         made_at_ms = excluded.made_at_ms WHERE excluded.items <> recommendations.items",
        [Param::json(&items)?, now_ms.into()],
    );
    database.batch_repeatable(vec![store, resolve, recommend]).await.map(drop)
}

fn stored_row(stored: &ActivePattern) -> Value {
    let pattern = &stored.data;
    json!({
        "athlete_id": pattern.athlete_id,
        "pattern_id": pattern.pattern_id,
        "pattern": pattern.pattern,
        "subject": pattern.subject,
        "since": pattern.since,
        "confidence": pattern.confidence,
        "evidence": pattern.evidence,
        "title": pattern.title,
        "recommendation": pattern.recommendation,
        "announcements": stored.announcements,
        "told": stored.is_notified,
    })
}

/// A pattern as an athlete reads it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ListedPattern {
    #[serde(flatten)]
    pub known: KnownPattern,
    pub title: String,
    pub recommendation: String,
    pub detected_at_ms: i64,
}

/// Returns the patterns of the key's athlete, the newest first.
pub async fn list(
    database: &dyn Database,
    proof: &KeyProof,
    status: Option<PatternStatus>,
    limit: i64,
) -> Guarded<Vec<ListedPattern>> {
    let status = status.map(|status| match status {
        PatternStatus::Open => "open",
        PatternStatus::Resolved => "resolved",
    });
    let named = proof.named().into_iter().chain(fitting(limit));
    let select = query!("patterns/list.sql").bind(named.chain([("status", status.into())]))?;
    Ok(page_with_key(database, proof, select).await?.items)
}

#[derive(Deserialize)]
struct ItemsRow {
    #[serde(with = "json_text")]
    items: Vec<Value>,
}

/// Returns the open patterns of the key's athlete, and the recommendations in order.
pub async fn recommendations(
    database: &dyn Database,
    proof: &KeyProof,
) -> Guarded<(Vec<ListedPattern>, Vec<Value>)> {
    let open = Statement::new(
        "SELECT * FROM patterns INDEXED BY patterns_open \
         WHERE athlete_id = ?1 AND status = 'open'",
        [Param::text(proof.athlete_id)],
    );
    let items = Statement::new(
        "SELECT items FROM recommendations WHERE athlete_id = ?1",
        [Param::text(proof.athlete_id)],
    );
    let mut results = with_key(database, proof, vec![open, items]).await?;
    let open = results.rows()?;
    let items = results.first::<ItemsRow>()?.map_or_else(Vec::new, |row| row.items);
    Ok((open, items))
}

//! Patterns found, and the history in which they are looked for.

use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::json_text;
use crate::volume::{HistoryWeek, history_statement, read_history};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared_kernel::AthleteId;
use shared_kernel::payload::TrainingPatternDetected;
use std::collections::{BTreeMap, BTreeSet};
use training::WeekStart;
use training::landmarks::OwnLandmarks;
use uuid::Uuid;

/// All that an analysis needs to know of a list of athletes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnalysisInput {
    /// Weeks with training, in order.
    pub history: BTreeMap<AthleteId, Vec<HistoryWeek>>,
    /// Patterns of those weeks that were announced before.
    pub announced: BTreeSet<(AthleteId, Uuid)>,
    /// What each athlete puts in place of the landmarks of the listing.
    pub landmarks: BTreeMap<AthleteId, OwnLandmarks>,
}

/// Weeks of one athlete, from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct WeekRange {
    /// Whose.
    pub athlete_id: AthleteId,
    /// The first.
    pub from: WeekStart,
    /// The last; `None` is the last there is.
    pub to: Option<WeekStart>,
}

#[derive(Deserialize)]
struct LandmarksRow {
    athlete_id: AthleteId,
    #[serde(with = "json_text")]
    landmarks: OwnLandmarks,
}

#[derive(Deserialize)]
struct AnnouncedRow {
    athlete_id: AthleteId,
    pattern_id: Uuid,
}

/// Reads the weeks of the ranges, which do not overlap, the patterns begun in them that were
/// announced, and the athletes' landmarks: one round trip for all the athletes of a batch.
pub async fn analysis_input(
    database: &dyn Database,
    athletes: &[AthleteId],
    ranges: &[WeekRange],
) -> Result<AnalysisInput, DatabaseError> {
    let announced = Statement::new(
        "SELECT pattern.athlete_id, pattern.pattern_id FROM json_each(?1) AS range \
         JOIN patterns AS pattern INDEXED BY patterns_by_week \
         ON pattern.athlete_id = range.value ->> 'athlete_id' \
         AND pattern.since BETWEEN range.value ->> 'from' \
         AND coalesce(range.value ->> 'to', '9999')",
        [Param::json(&ranges)?],
    );
    let landmarks = Statement::new(
        "SELECT athlete.athlete_id, athlete.landmarks FROM json_each(?1) AS asked \
         JOIN athletes AS athlete ON athlete.athlete_id = asked.value",
        [Param::json(&athletes)?],
    );
    let batch = vec![history_statement(ranges)?, announced, landmarks];
    let mut results = Results::new(database.batch(batch).await?);
    let history = read_history(&mut results)?;
    let rows = results.rows::<AnnouncedRow>()?;
    let announced = rows.into_iter().map(|row| (row.athlete_id, row.pattern_id)).collect();
    let rows = results.rows::<LandmarksRow>()?;
    let landmarks = rows.into_iter().map(|row| (row.athlete_id, row.landmarks)).collect();
    Ok(AnalysisInput { history, announced, landmarks })
}

/// Marks patterns as announced, which is to store them: one round trip. A repeat changes nothing.
pub async fn mark_announced(
    database: &dyn Database,
    patterns: &[TrainingPatternDetected],
    now_ms: i64,
) -> Result<(), DatabaseError> {
    let rows: Vec<_> = patterns
        .iter()
        .map(|pattern| {
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
            })
        })
        .collect();
    let insert = Statement::new(
        "INSERT INTO patterns (athlete_id, pattern_id, pattern, subject, since, confidence, \
         evidence, title, recommendation, detected_at_ms) \
         SELECT value ->> 'athlete_id', value ->> 'pattern_id', value ->> 'pattern', \
         value ->> 'subject', value ->> 'since', value ->> 'confidence', value -> 'evidence', \
         value ->> 'title', value ->> 'recommendation', ?2 FROM json_each(?1) WHERE true \
         ON CONFLICT DO NOTHING",
        [Param::json(&rows)?, now_ms.into()],
    );
    database.batch(vec![insert]).await.map(drop)
}

//! Patterns found, and the history in which they are looked for.

use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::volume::{HistoryWeek, history_statement, read_history};
use serde::Deserialize;
use serde_json::json;
use shared_kernel::AthleteId;
use shared_kernel::payload::TrainingPatternDetected;
use std::collections::{BTreeMap, BTreeSet};
use training::WeekStart;
use uuid::Uuid;

/// All that an analysis needs to know of a list of athletes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnalysisInput {
    /// Weeks with training, in order.
    pub history: BTreeMap<AthleteId, Vec<HistoryWeek>>,
    /// Patterns announced before.
    pub announced: BTreeSet<(AthleteId, Uuid)>,
}

#[derive(Deserialize)]
struct AnnouncedRow {
    athlete_id: AthleteId,
    pattern_id: Uuid,
}

/// Reads the weeks since `since` and the patterns already announced, in one round trip for all
/// the athletes of a batch.
pub async fn analysis_input(
    database: &dyn Database,
    athletes: &[AthleteId],
    since: WeekStart,
) -> Result<AnalysisInput, DatabaseError> {
    let announced = Statement::new(
        "SELECT pattern.athlete_id, pattern.pattern_id FROM json_each(?1) AS athlete \
         JOIN patterns AS pattern ON pattern.athlete_id = athlete.value",
        [Param::json(&athletes)?],
    );
    let batch = vec![history_statement(athletes, since)?, announced];
    let mut results = Results::new(database.batch(batch).await?);
    let history = read_history(&mut results)?;
    let rows = results.rows::<AnnouncedRow>()?;
    let announced = rows.into_iter().map(|row| (row.athlete_id, row.pattern_id)).collect();
    Ok(AnalysisInput { history, announced })
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

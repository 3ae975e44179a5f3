//! GET /v1/patterns, /v1/recommendations and /v1/reports/weekly: the results of the analysis.

use super::instant;
use crate::app::App;
use crate::call::Call;
use crate::cursor;
use crate::date_range::parse_date;
use crate::error::{ApiResult, bad_parameter};
use contract::FieldCode;
use platform::http::{StatusCode, json, query};
use serde_json::{Value, json};
use storage::patterns::{self, ListedPattern, PatternStatus};
use storage::{KeyProof, reports};
use training::WeekStart;

/// GET /v1/patterns?status=: newest first.
pub async fn list(app: &App, call: &Call, key: &KeyProof) -> ApiResult {
    let status = match query(&call.request, "status").as_deref() {
        None => None,
        Some("open") => Some(PatternStatus::Open),
        Some("resolved") => Some(PatternStatus::Resolved),
        Some(_) => {
            return Err(bad_parameter(
                "status",
                FieldCode::InvalidValue,
                "must be open or resolved",
            ));
        }
    };
    let limit = cursor::limit(&call.request)?;
    let listed = patterns::list(app.database(key), key, status, limit.0).await?;
    let items: Vec<_> = listed.iter().map(item).collect();
    Ok(json(StatusCode::OK, &json!({ "items": items }))?)
}

fn item(listed: &ListedPattern) -> Value {
    let pattern = &listed.known;
    json!({
        "id": pattern.pattern_id,
        "pattern": pattern.kind,
        "subject": pattern.subject,
        "since": pattern.since,
        "status": pattern.status,
        "confidence": pattern.confidence,
        "evidence": pattern.evidence,
        "title": listed.title,
        "recommendation": listed.recommendation,
        "detected_at": instant(listed.detected_at_ms),
        "resolved_at": pattern.resolved_at_ms.map(instant),
    })
}

/// GET /v1/recommendations: the most urgent first; each is its pattern with the adjustment.
pub async fn recommendations(app: &App, key: &KeyProof) -> ApiResult {
    let (open, changes) = patterns::recommendations(app.database(key), key).await?;
    let today = app.clock.now().date_naive().to_string();
    let to_item = |change: &Value| {
        // From its `until` day on it is too late for the adjustment.
        change
            .get("until")
            .and_then(Value::as_str)
            .is_none_or(|until| *today < *until)
            .then_some(())?;
        let pattern =
            open.iter().find(|listed| Some(&json!(listed.known.pattern_id)) == change.get("id"))?;
        let mut item = item(pattern);
        let fields = item.as_object_mut()?;
        fields.insert("adjustment".to_owned(), change.get("adjustment").cloned()?);
        Some(item)
    };
    let items: Vec<_> = changes.iter().filter_map(to_item).collect();
    Ok(json(StatusCode::OK, &json!({ "items": items }))?)
}

/// GET /v1/reports/weekly?week=: the report of the week with this day, by default the newest.
pub async fn weekly_report(app: &App, call: &Call, key: &KeyProof) -> ApiResult {
    let week = parse_date(&call.request, "week")?.map(WeekStart::containing);
    let report = reports::get(app.database(key), key, week).await?;
    Ok(json(StatusCode::OK, &report)?)
}

//! GET /v1/patterns, /v1/recommendations and /v1/reports/weekly: the results of the analysis.

use crate::call::AthleteCall;
use crate::error::ApiResult;
use crate::extract::Query;
use crate::reply::Reply;
use contract::patterns::{
    Pattern, PatternFilter, PatternStatus, Recommended, ReportFilter, WeeklyReport,
};
use contract::{Instant, Items, Stored};
use shared_kernel::json;
use shared_kernel::recommendation::Recommendation;
use storage::patterns::{self, ListedPattern};
use storage::reports;
use training::WeekStart;

/// GET /v1/patterns: newest first.
pub async fn list(
    call: AthleteCall,
    Query(PatternFilter { status, limit }): Query<PatternFilter>,
) -> ApiResult<Reply<Items<Pattern>>> {
    let status = status.map(|status| match status {
        PatternStatus::Open => patterns::PatternStatus::Open,
        PatternStatus::Resolved => patterns::PatternStatus::Resolved,
    });
    let listed = patterns::list(call.database(), &call.key, status, limit.0).await?;
    Ok(Reply::new(Items { items: listed.iter().map(item).collect() }))
}

fn item(listed: &ListedPattern) -> Pattern {
    let pattern = &listed.known;
    Pattern {
        id: pattern.pattern_id,
        pattern: pattern.kind,
        subject: pattern.subject.clone(),
        since: pattern.since,
        status: match pattern.status {
            patterns::PatternStatus::Open => PatternStatus::Open,
            patterns::PatternStatus::Resolved => PatternStatus::Resolved,
        },
        confidence: pattern.confidence,
        evidence: pattern.evidence.clone(),
        title: listed.title.clone(),
        recommendation: listed.recommendation.clone(),
        detected_at: Instant(listed.detected_at_ms),
        resolved_at: pattern.resolved_at_ms.map(Instant),
    }
}

/// GET /v1/recommendations: the most urgent first; each is its pattern with the adjustment.
pub async fn recommendations(call: AthleteCall, (): ()) -> ApiResult<Reply<Items<Recommended>>> {
    let (open, changes) = patterns::recommendations(call.database(), &call.key).await?;
    let today = call.app.clock.now().date_naive();
    let to_item = |change: Recommendation| {
        // From its `until` day on it is too late for the adjustment.
        change.until.is_none_or(|until| today < until).then_some(())?;
        let pattern = open.iter().find(|listed| listed.known.pattern_id == change.pattern_id)?;
        Some(Recommended { pattern: item(pattern), adjustment: change.adjustment })
    };
    let changes = changes.iter().map(json::from_value::<Recommendation>);
    let changes = changes.collect::<Result<Vec<_>, _>>()?;
    Ok(Reply::new(Items { items: changes.into_iter().filter_map(to_item).collect() }))
}

/// GET /v1/reports/weekly: the report of the week with this day, by default the newest.
pub async fn weekly_report(
    call: AthleteCall,
    Query(ReportFilter { week }): Query<ReportFilter>,
) -> ApiResult<Reply<Stored<WeeklyReport>>> {
    let week = week.map(|day| WeekStart::containing(day.0));
    let report = reports::get(call.database(), &call.key, week).await?;
    Ok(Reply::new(Stored::new(report)))
}

//! Days in the query of a request: `from=2026-11-01&to=2026-11-30`.

use crate::error::{ApiResult, bad_parameter};
use chrono::{DateTime, Days, NaiveDate, Utc};
use contract::{Day, FieldCode};

/// The days from `from` to `to`, both included.
pub struct DateRange {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

impl DateRange {
    /// The range of a query. Without `to` it ends on [`latest_day`]; without `from` it starts
    /// `days_before` days before its end. `days_max` is described to callers by `max_text`.
    pub fn new(
        from: Option<Day>,
        to: Option<Day>,
        now: DateTime<Utc>,
        days_before: u64,
        (days_max, max_text): (i64, &str),
    ) -> ApiResult<Self> {
        let to = to.map_or_else(|| latest_day(now), |to| to.0);
        let from = from.map(|from| from.0);
        let from = from.or_else(|| to.checked_sub_days(Days::new(days_before))).unwrap_or(to);
        if from > to {
            return Err(bad_parameter("from", FieldCode::InvalidValue, "is after to"));
        }
        if (to - from).num_days() >= days_max {
            return Err(bad_parameter(
                "from",
                FieldCode::InvalidValue,
                format!("is more than {max_text} before to"),
            ));
        }
        Ok(Self { from, to })
    }
}

/// The latest current date of any time zone: east of UTC it may already be tomorrow.
pub fn latest_day(now: DateTime<Utc>) -> NaiveDate {
    now.date_naive() + Days::new(1)
}

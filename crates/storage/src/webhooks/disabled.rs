//! Deliveries that wait at an endpoint when it is disabled: they fail, and their owner can retry them.
//!
//! One statement fails [`FAILED_MAX`] of them, whoever disabled the endpoint. The sweep fails the others as they fall
//! due; an endpoint that is disabled makes no attempts.

use super::LOGGED_ATTEMPTS_MAX;
use crate::database::{Database, DatabaseError, Param, Results};
use crate::sql::{Query, query};
use uuid::Uuid;

/// Deliveries that one statement fails, at most: each is rewritten with its body.
const FAILED_MAX: i64 = 1_000;

/// The statement on the deliveries of a file, each with the same entry in its log.
macro_rules! fail {
    ($waiting:literal) => {
        query!(
            "webhooks/fail_waiting.sql",
            entry = include_str!("../../sql/webhooks/disabled_entry.sql"),
            waiting = include_str!(concat!("../../sql/webhooks/", $waiting)),
        )
    };
}

/// The statement for one endpoint, which its owner disables.
pub(super) fn fail_of_owner() -> &'static Query {
    fail!("waiting_of_owner.sql")
}

/// The statement for a list of endpoints that were just disabled because they failed.
pub(super) fn fail_of_list() -> &'static Query {
    fail!("waiting_of_list.sql")
}

/// The parameters of these statements but for the endpoints and the time.
pub(super) fn limits() -> [(&'static str, Param); 2] {
    [("logged_attempts_max", LOGGED_ATTEMPTS_MAX.into()), ("failed_max", FAILED_MAX.into())]
}

/// Fails due deliveries of disabled endpoints, of all athletes. Returns their number.
pub async fn fail_due(database: &dyn Database, now_ms: i64) -> Result<usize, DatabaseError> {
    let [logged, failed] = limits();
    let fail = fail!("waiting_due.sql").bind([("now_ms", now_ms.into()), logged, failed])?;
    Ok(Results::new(database.batch(vec![fail]).await?).column::<Uuid>()?.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::Sqlite;

    /// A log of 30 days can have thousands of deliveries, each with its body.
    #[test]
    fn disabling_reads_no_log_of_an_endpoint() {
        let database = Sqlite::migrated();
        let check = |query: &Query, index: &str| {
            let steps = database.query_plan(query.sql());
            let reads = |name: &str| steps.iter().filter(|step| step.contains(name)).count();
            let by_key = "SEARCH webhook_deliveries USING PRIMARY KEY \
                          (athlete_id=? AND endpoint_id=? AND delivery_id=?)";
            assert_eq!((reads(by_key), reads(index)), (1, 1), "{steps:?}");
            assert_eq!(reads("webhook_deliveries"), 2, "{steps:?}");
        };
        let lane = "webhook_deliveries_lane (athlete_id=? AND endpoint_id=? AND status=?)";
        check(fail_of_owner(), lane);
        check(fail_of_list(), lane);
        check(fail!("waiting_due.sql"), "webhook_deliveries_due (due_at_ms<?)");
    }
}

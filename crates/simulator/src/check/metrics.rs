//! The pipeline's metrics: without a crash and a lost response, each message is counted once.

use super::finished_run::{FinishedRun, Violations};

/// Checks the stored counts of handled messages.
pub fn check(run: &FinishedRun<'_>, violations: &mut Violations) {
    let rows = run.rows("SELECT coalesce(sum(handled), 0) AS handled FROM pipeline_minutes");
    let stored = rows.iter().filter_map(|row| row["handled"].as_u64()).sum::<u64>();
    let handled = run.effects.handled;
    violations.require(!run.counts_once || stored == handled, || {
        format!("{handled} messages were handled, and {stored} are in the metrics")
    });
}

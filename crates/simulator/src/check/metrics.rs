//! The pipeline's metrics: each message is counted, and once, unless a fault explains it.

use super::finished_run::{FinishedRun, Violations};

/// Checks the stored counts of handled messages.
pub fn check(run: &FinishedRun<'_>, violations: &mut Violations) {
    let rows = run.rows("SELECT coalesce(sum(handled), 0) AS handled FROM pipeline_minutes");
    let stored = rows.iter().filter_map(|row| row["handled"].as_u64()).sum::<u64>();
    let handled = run.effects.handled;
    // A crash loses counts, and those of a failed flush wait for the next one. A lost response repeats them.
    let is_exact = (run.may_lose_metrics || stored >= handled)
        && (run.may_repeat_metrics || stored <= handled);
    violations.require(is_exact, || {
        format!("{handled} messages were handled, and {stored} are in the metrics")
    });
}

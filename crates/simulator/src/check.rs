//! The properties that must hold at rest, checked on effects in the manner of Jepsen's total-queue.
//!
//! Nothing is lost: accepted requests are in the totals, and published events reach the athlete.
//! Nothing is unexpected: every effect has a cause. Nothing is duplicated, except emails in the window
//! of docs/adr/0007-mail-claims.md, and webhook requests with the same `webhook-id` in that of
//! docs/adr/0022-an-endpoint-is-a-lane.md.

mod finished_run;
mod imports;
mod metrics;
mod notifications;
mod records;
mod redrives;
mod requests;
mod rest;
mod totals;

pub use finished_run::FinishedRun;

/// Returns one line for each violation.
pub fn violations(run: &FinishedRun<'_>) -> Vec<String> {
    let mut violations = finished_run::Violations::default();
    rest::check(run, &mut violations);
    redrives::check(run, &mut violations);
    requests::check(run, &mut violations);
    totals::check(run, &mut violations);
    imports::check(run, &mut violations);
    notifications::check(run, &mut violations);
    metrics::check(run, &mut violations);
    violations.0
}

//! The sweep redrives a dead letter as often and as far apart as `REDRIVE_AFTER_S` says.

use super::finished_run::{FinishedRun, Violations};
use crate::clock::SKEW_MS_MAX;
use crate::database::text;
use serde_json::Value;
use shared_kernel::routing::REDRIVE_AFTER_S;

/// Checks the redrives in the history of each dead letter.
pub fn check(run: &FinishedRun<'_>, violations: &mut Violations) {
    for row in run.rows("SELECT dead_letter_id, history FROM dead_letters") {
        let history: Vec<Value> = serde_json::from_str(text(&row, "history")).unwrap();
        // The failures since an operator last redrove it.
        let (mut failures, mut failed_at_ms) = (0, 0);
        for entry in &history {
            let at_ms = entry["at_ms"].as_i64().unwrap();
            match (text(entry, "what"), entry["operator"].as_str()) {
                ("failed", _) => (failures, failed_at_ms) = (failures + 1, at_ms),
                ("redrive", Some("sweep")) if failures > 0 => {
                    let wait_s = REDRIVE_AFTER_S.get(failures - 1).copied().map(i64::from);
                    let due_at_ms = wait_s.map(|wait_s| failed_at_ms + wait_s * 1_000);
                    let is_due = due_at_ms.is_some_and(|due| at_ms >= due - 2 * SKEW_MS_MAX);
                    violations.require(is_due, || format!("redriven too often: {history:?}"));
                }
                _ => failures = 0,
            }
        }
    }
}

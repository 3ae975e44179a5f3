//! Queries of the simulator itself, which no fault affects.

use serde_json::Value;
use testkit::Databases;

/// Returns the rows of a query, of all databases that have its tables.
pub fn rows(databases: &Databases, sql: &str) -> Vec<Value> {
    databases.query(sql).iter().map(|row| serde_json::from_str(row).unwrap()).collect()
}

/// Returns a text column of a row.
pub fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or_else(|| panic!("no {name} in {row}"))
}

/// Returns when the sweep next has something to do, which may be in the past.
pub fn next_due_ms(databases: &Databases) -> Option<i64> {
    let due = rows(
        databases,
        "SELECT min(at_ms) AS at_ms FROM (\
         SELECT min(due_at_ms) AS at_ms FROM workouts \
         UNION ALL SELECT min(resend_at_ms) FROM import_slices WHERE state = 'waiting' \
         UNION ALL SELECT min(mail_due_at_ms) FROM notifications \
         UNION ALL SELECT min(max(due_at_ms, leased_until_ms)) FROM webhook_deliveries \
         JOIN webhook_endpoints USING (athlete_id, endpoint_id) \
         WHERE webhook_deliveries.status = 'waiting' \
         UNION ALL SELECT min(max(report_resend_at_ms, 1795435200000 + report_minute * 60000)) \
         FROM athletes WHERE reported_week < '2026-11-16' \
         UNION ALL SELECT 0 FROM deleted_athletes WHERE copied_at_ms IS NULL)",
    );
    let redrives =
        rows(databases, "SELECT min(max(due_at_ms, claimed_until_ms)) AS at_ms FROM dead_letters");
    due.iter().chain(&redrives).filter_map(|row| row["at_ms"].as_i64()).min()
}

/// Returns whether an operator can redrive something.
pub fn has_dead_letters(databases: &Databases) -> bool {
    !rows(databases, "SELECT 1 FROM dead_letters WHERE status IN ('open', 'waiting')").is_empty()
}

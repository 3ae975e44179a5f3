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
         UNION ALL SELECT min(mail_due_at_ms) FROM notifications \
         UNION ALL SELECT min(max(due_at_ms, leased_until_ms)) FROM webhook_deliveries \
         JOIN webhook_endpoints USING (athlete_id, endpoint_id) \
         WHERE webhook_deliveries.status = 'waiting' \
         UNION ALL SELECT min(max(report_resend_at_ms, 1795435200000 + report_minute * 60000)) \
         FROM athletes WHERE reported_week < '2026-11-16' \
         UNION ALL SELECT 0 FROM deleted_athletes WHERE copied_at_ms IS NULL)",
    );
    due.iter().filter_map(|row| row["at_ms"].as_i64()).min()
}

/// Returns the ids of the open dead letters, and the time from which none of them is claimed.
pub fn open_dead_letters(databases: &Databases) -> (Vec<String>, i64) {
    let dead_letters = rows(
        databases,
        "SELECT dead_letter_id, max(claimed_until_ms, failed_at_ms) AS free_at_ms \
         FROM dead_letters WHERE status = 'open'",
    );
    let ids = dead_letters.iter().map(|row| text(row, "dead_letter_id").to_owned()).collect();
    let free_at_ms = dead_letters.iter().filter_map(|row| row["free_at_ms"].as_i64()).max();
    (ids, free_at_ms.unwrap_or(0))
}

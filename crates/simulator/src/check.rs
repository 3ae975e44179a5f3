//! What must hold when all is quiet: a checker in the manner of Jepsen's total-queue, on effects.
//!
//! Lost is empty: what was accepted is in the totals, what was published is told. Unexpected is
//! empty: what is told has a cause. Duplicated is empty: it happened once, but for mails in the
//! window of docs/adr/0007-mail-claims.md, and posts under one `webhook-id` in that of
//! docs/adr/0022-an-endpoint-is-a-lane.md.

mod requests;
mod telling;
mod totals;

use crate::run::Simulation;
use serde_json::Value;
use testkit::Sqlite;

/// Everything that does not hold, each in a line.
pub fn violations(run: &Simulation) -> Vec<String> {
    let mut found = Violations::default();
    at_rest(run, &mut found);
    requests::check(run, &mut found);
    totals::check(run, &mut found);
    telling::check(run, &mut found);
    found.0
}

/// What was found so far.
#[derive(Default)]
struct Violations(Vec<String>);

impl Violations {
    fn unless(&mut self, holds: bool, violation: impl FnOnce() -> String) {
        if !holds {
            self.0.push(violation());
        }
    }
}

/// The rows of a query.
fn rows(run: &Simulation, sql: &str) -> Vec<Value> {
    read(&run.house.ports.sqlite, sql)
}

fn read(database: &Sqlite, sql: &str) -> Vec<Value> {
    database.query(sql).iter().map(|row| serde_json::from_str(row).unwrap()).collect()
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or_else(|| panic!("no {name} in {row}"))
}

/// No pending workout, no open claim, nothing due, and no letter that is dead for good.
fn at_rest(run: &Simulation, found: &mut Violations) {
    let now_ms = run.world.shown_ms();
    let mut none = |what: &str, sql: &str| {
        let rows = rows(run, sql);
        found.unless(rows.is_empty(), || format!("{what}: {rows:?}"));
    };
    none(
        "pending workouts",
        "SELECT workout_id, revision, aggregated_revision FROM workouts \
         WHERE aggregated_revision <> revision",
    );
    none(
        "claimed or due mails",
        "SELECT notification_id, mail_attempt FROM notifications WHERE mail_due_at_ms IS NOT NULL",
    );
    none(
        "waiting deliveries",
        "SELECT delivery_id, attempt FROM webhook_deliveries WHERE status = 'waiting'",
    );
    none(
        "leased lanes",
        &format!("SELECT endpoint_id FROM webhook_endpoints WHERE leased_until_ms > {now_ms}"),
    );
    none("open dead letters", "SELECT event_type, reason FROM dead_letters WHERE status = 'open'");
    let letters = run.world.broker.borrow().dead_letters;
    let by_then = run.dead_letters_by_then.unwrap_or(letters);
    found.unless(letters == by_then, || {
        let letters = rows(run, "SELECT event_type, reason FROM dead_letters");
        format!("dead letters though nothing fails: {letters:?}")
    });
}

/// When something is due by itself next; past or not.
pub fn next_due_ms(run: &Simulation) -> Option<i64> {
    let due = rows(
        run,
        "SELECT min(at_ms) AS at_ms FROM (\
         SELECT min(resend_at_ms) AS at_ms FROM workouts WHERE aggregated_revision < revision \
         UNION ALL SELECT min(mail_due_at_ms) FROM notifications \
         UNION ALL SELECT min(max(due_at_ms, leased_until_ms)) FROM webhook_deliveries \
         JOIN webhook_endpoints USING (athlete_id, endpoint_id) \
         WHERE webhook_deliveries.status = 'waiting' \
         UNION ALL SELECT min(started_at_ms) + 86400001 FROM workouts WHERE status = 'in_progress' \
         UNION ALL SELECT min(max(report_resend_at_ms, 1795435200000 + report_minute * 60000)) \
         FROM athletes WHERE reported_week < '2026-11-16')",
    );
    due[0]["at_ms"].as_i64()
}

/// The dead letters that are open, and from when on nobody else is sending one of them.
pub fn open_dead_letters(run: &Simulation) -> (Vec<String>, i64) {
    let letters = rows(
        run,
        "SELECT dead_letter_id, max(claimed_until_ms, failed_at_ms) AS free_at_ms \
         FROM dead_letters WHERE status = 'open'",
    );
    let ids = letters.iter().map(|row| text(row, "dead_letter_id").to_owned()).collect();
    let free_at_ms = letters.iter().filter_map(|row| row["free_at_ms"].as_i64()).max();
    (ids, free_at_ms.unwrap_or(0))
}

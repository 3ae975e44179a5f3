//! Nothing is left to do: no pending workout, claim, lease or due work. The sweep has redriven every dead letter, so
//! none is left to an operator.

use super::finished_run::{FinishedRun, Violations};

/// The bytes of a result, at most: two workouts of the largest size.
const RESULT_BYTES_MAX: usize = 600_000;

/// Checks that nothing waits, and that nothing was dead-lettered once nothing could fail any more.
pub fn check(run: &FinishedRun<'_>, violations: &mut Violations) {
    let mut require_none = |name: &str, sql: &str| {
        let rows = run.rows(sql);
        violations.require(rows.is_empty(), || format!("{name}: {rows:?}"));
    };
    require_none(
        "pending workouts",
        "SELECT workout_id, revision, aggregated_revision FROM workouts \
         WHERE aggregated_revision <> revision",
    );
    require_none(
        "waiting slices of imports",
        "SELECT import_id, slice, resends FROM import_slices WHERE state = 'waiting'",
    );
    require_none(
        "claimed or due emails",
        "SELECT notification_id, mail_attempt FROM notifications WHERE mail_due_at_ms IS NOT NULL",
    );
    require_none(
        "waiting deliveries",
        "SELECT delivery_id, attempt FROM webhook_deliveries WHERE status = 'waiting'",
    );
    require_none(
        "leased endpoints",
        &format!(
            "SELECT endpoint_id FROM webhook_endpoints WHERE leased_until_ms > {}",
            run.wall_ms
        ),
    );
    require_none(
        "dead letters that are left",
        "SELECT event_type, reason, status FROM dead_letters WHERE status <> 'redriven'",
    );
    let bytes = run.effects.largest_result;
    violations.require(bytes <= RESULT_BYTES_MAX, || format!("a result of {bytes} bytes"));
    let is_last = run.dead_letters_of_faults.is_none_or(|count| count == run.dead_letters);
    violations.require(is_last, || {
        let dead_letters = run.rows("SELECT event_type, reason FROM dead_letters");
        format!("dead letters after the faults stopped: {dead_letters:?}")
    });
}

-- A week ends without a report for an athlete who did not train, unless a workout is still to be aggregated, and after
-- the last request.
UPDATE athletes SET
    report_resend_at_ms = :now_ms + (:resend_after_ms << due.report_requests),
    report_requests = iif(due.ends, 0, due.report_requests + 1),
    reported_week = iif(due.ends, :week, reported_week)
FROM (
    SELECT
        athlete_id AS id, report_requests, report_requests >= :requests_max OR NOT ({trained} OR EXISTS (
            SELECT 1 FROM workouts INDEXED BY workouts_due
            WHERE workouts.athlete_id = athletes.athlete_id AND due_at_ms IS NOT NULL AND aggregated_revision < revision
        )) AS ends
    FROM athletes INDEXED BY athletes_by_report
    WHERE reported_week < :week AND report_minute <= :minute AND report_resend_at_ms <= :now_ms
    LIMIT :limit
) AS due
WHERE athletes.athlete_id = due.id
RETURNING athlete_id, reported_week < :week AND {trained} AS trained

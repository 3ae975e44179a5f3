-- A DeadLetterSummary.
dead_letter_id, queue, event_id, event_type, athlete_id, traceparent, reason, reason_group, attempts, failed_at_ms,
status, due_at_ms, redrives, note

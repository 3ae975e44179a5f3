-- Only a message that the history lacks has failed since a redrive: one from before it, delivered once more, must not
-- reopen its dead letter. Reopening ends a claim. A dead letter whose cause was an outage waits for the sweep, as often as
-- :redrive_after_ms has entries; one that fails permanently is left to an operator. Dead letters of deleted athletes are
-- dropped.
INSERT INTO dead_letters (
    dead_letter_id, queue, message_id, event_id, event_type, athlete_id, traceparent, reason, reason_group, attempts,
    failed_at_ms, status, due_at_ms, body, history
)
SELECT
    value ->> 'id', value ->> 'queue', value ->> 'message_id', value ->> 'event_id', value ->> 'event_type',
    value ->> 'athlete_id', value ->> 'traceparent', value ->> 'reason', value ->> 'reason_group',
    value ->> 'attempts', value ->> 'failed_at_ms', iif(value ->> 'is_transient', 'waiting', 'open'),
    iif(value ->> 'is_transient', value ->> 'failed_at_ms' + (:redrive_after_ms ->> 0), NULL), value ->> 'body',
    json_array(json_object(
        'at_ms', value -> 'failed_at_ms', 'what', 'failed', 'reason', value ->> 'reason',
        'attempts', value -> 'attempts', 'message_id', value ->> 'message_id'
    ))
FROM json_each(:rows)
WHERE coalesce(value ->> 'athlete_id', '') NOT IN (SELECT athlete_id FROM deleted_athletes)
ON CONFLICT DO UPDATE SET
    status = iif(excluded.status = 'waiting' AND failures < json_array_length(:redrive_after_ms), 'waiting', 'open'),
    due_at_ms = iif(excluded.status = 'waiting', excluded.failed_at_ms + (:redrive_after_ms ->> failures), NULL),
    failures = failures + 1, claimed_until_ms = 0, message_id = excluded.message_id, reason = excluded.reason,
    reason_group = excluded.reason_group, attempts = excluded.attempts, failed_at_ms = excluded.failed_at_ms,
    history = {history_with_entry}
WHERE (status = 'redriven' OR claimed_until_ms > 0 OR status = 'waiting' AND excluded.status = 'open')
    AND NOT EXISTS (
        SELECT 1 FROM json_each(dead_letters.history) WHERE value ->> 'message_id' = excluded.message_id
    )

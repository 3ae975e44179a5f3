-- Only the time shows whether a dead letter failed since: a message from before its redrive, delivered once more, must
-- not reopen it. Reopening cancels a claim. Dead letters of deleted athletes are dropped.
INSERT INTO dead_letters (
    dead_letter_id, queue, message_id, event_id, event_type, athlete_id, traceparent, reason, reason_group, attempts,
    failed_at_ms, body, history
)
SELECT
    value ->> 'id', value ->> 'queue', value ->> 'message_id', value ->> 'event_id', value ->> 'event_type',
    value ->> 'athlete_id', value ->> 'traceparent', value ->> 'reason', value ->> 'reason_group',
    value ->> 'attempts', value ->> 'failed_at_ms', value ->> 'body',
    json_array(json_object(
        'at_ms', value -> 'failed_at_ms', 'what', 'failed', 'reason', value ->> 'reason',
        'attempts', value -> 'attempts'
    ))
FROM json_each(:rows)
WHERE coalesce(value ->> 'athlete_id', '') NOT IN (SELECT athlete_id FROM deleted_athletes)
ON CONFLICT DO UPDATE SET
    status = 'open', claim_id = '', claimed_until_ms = 0, message_id = excluded.message_id, reason = excluded.reason,
    reason_group = excluded.reason_group, attempts = excluded.attempts, failed_at_ms = excluded.failed_at_ms,
    history = json_insert(history, '$[#]', excluded.history -> '$[0]')
WHERE (status = 'redriven' OR claimed_until_ms > 0) AND excluded.failed_at_ms >= redriven_at_ms

-- Only new rows get a seq: the next ones of their inbox, ordered by time.
INSERT INTO notifications (
    athlete_id, notification_id, kind, title, body, data, created_at_ms, expires_at_ms, in_app, mail_due_at_ms, slot_day,
    slot_rank, held, seq
)
SELECT
    athlete_id, notification_id, kind, title, body, data, created_at_ms, expires_at_ms, in_app, mail_due_at_ms, slot_day,
    slot_rank, held,
    coalesce((SELECT max(last.seq) FROM notifications AS last WHERE last.athlete_id = new.athlete_id), 0)
        + row_number() OVER (PARTITION BY athlete_id ORDER BY created_at_ms, notification_id)
FROM (
    SELECT
        value ->> 'athlete_id' AS athlete_id, value ->> 'notification_id' AS notification_id,
        value ->> 'kind' AS kind, value ->> 'title' AS title, value ->> 'body' AS body, value -> 'data' AS data,
        value ->> 'created_at_ms' AS created_at_ms, value ->> 'expires_at_ms' AS expires_at_ms,
        value ->> 'in_app' AS in_app, value ->> 'mail_due_at_ms' AS mail_due_at_ms,
        value ->> 'slot_day' AS slot_day, value ->> 'slot_rank' AS slot_rank, value ->> 'held' AS held
    FROM json_each(:rows)
) AS new
WHERE NOT EXISTS (
    SELECT 1 FROM notifications AS old
    WHERE old.athlete_id = new.athlete_id AND old.notification_id = new.notification_id
)

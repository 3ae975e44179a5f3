-- The row with the highest seq stays, expired or not, so that no seq is assigned twice. This runs with each
-- notification, so it must only read an index.
DELETE FROM notifications
WHERE (athlete_id, notification_id) IN (
    SELECT old.athlete_id, old.notification_id
    FROM notifications AS old INDEXED BY notifications_by_seq
    WHERE old.athlete_id IN (SELECT value FROM json_each(:athletes)) AND old.expires_at_ms <= :now_ms
        AND old.seq < (SELECT max(seq) FROM notifications AS every WHERE every.athlete_id = old.athlete_id)
)

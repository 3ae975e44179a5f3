-- Reads no rows of those inboxes but the due ones.
UPDATE notifications SET mail_due_at_ms = :now_ms + :claim_ms, mail_attempt = mail_attempt + 1
WHERE (athlete_id, notification_id) IN (
    SELECT athlete_id, notification_id
    FROM (
        SELECT
            athlete_id, notification_id,
            row_number() OVER (PARTITION BY athlete_id ORDER BY mail_due_at_ms, seq) AS turn
        FROM notifications INDEXED BY notifications_mail_due
        WHERE athlete_id IN (SELECT value FROM json_each(:athletes)) AND mailed_at_ms IS NULL
            AND mail_due_at_ms <= :now_ms
    )
    WHERE turn <= :due_per_athlete_max
)
RETURNING {email_columns}

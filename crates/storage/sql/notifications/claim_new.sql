-- Claims those of the new e-mails that are due: a duplicate message claims nothing while the first one is sending.
UPDATE notifications SET mail_due_at_ms = :now_ms + :claim_ms, mail_attempt = mail_attempt + 1
FROM (SELECT value ->> 0 AS athlete_id, value ->> 1 AS notification_id FROM json_each(:due)) AS new
WHERE notifications.athlete_id = new.athlete_id AND notifications.notification_id = new.notification_id
    AND mailed_at_ms IS NULL AND mail_due_at_ms <= :now_ms
RETURNING {email_columns}

-- A sent e-mail is never sent twice. A failure is only recorded while its claim is current.
UPDATE notifications SET
    mailed_at_ms = mail.mailed_at_ms, mail_due_at_ms = mail.mail_due_at_ms, mail_error = mail.mail_error,
    mail_attempt = mail.tries
FROM (
    SELECT
        value ->> 'athlete_id' AS athlete_id, value ->> 'notification_id' AS notification_id,
        value ->> 'claim_ends_at_ms' AS claim_ends_at_ms, value ->> 'tries' AS tries,
        value ->> 'mailed_at_ms' AS mailed_at_ms, value ->> 'mail_due_at_ms' AS mail_due_at_ms,
        value ->> 'mail_error' AS mail_error
    FROM json_each(:results)
) AS mail
WHERE notifications.athlete_id = mail.athlete_id AND notifications.notification_id = mail.notification_id
    AND notifications.mailed_at_ms IS NULL
    AND (mail.mailed_at_ms IS NOT NULL OR notifications.mail_due_at_ms = mail.claim_ends_at_ms)

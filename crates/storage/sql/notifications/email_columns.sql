-- A ClaimedEmail.
notifications.athlete_id, notifications.notification_id, seq, kind, title, body, data, created_at_ms, mail_attempt, mail_due_at_ms

SELECT
    athlete.athlete_id, athlete.display_name, athlete.email,
    iif(athlete.email_confirmed, 'true', 'false') AS email_confirmed, athlete.email_threshold, athlete.channels,
    coalesce(athlete.time_zone, 'UTC') AS time_zone, athlete.quiet_hours, athlete.daily_mail_limit,
    (
        SELECT json_group_array(mailed_at_ms) FROM notifications
        WHERE notifications.athlete_id = athlete.athlete_id AND created_at_ms > :created_after_ms
            AND mailed_at_ms > :mailed_after_ms AND kind <> 'email_confirmation'
    ) AS mailed_at_ms
FROM json_each(:athletes) AS asked
JOIN athletes AS athlete ON athlete.athlete_id = asked.value

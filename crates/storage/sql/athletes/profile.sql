-- The profile, with the last body weights up to the UTC day after :day. They span a day more than the three that are
-- today somewhere.
SELECT
    athlete_id, display_name, email, iif(email_confirmed, 'true', 'false') AS email_confirmed,
    coalesce(units, 'kg') AS units, email_threshold, landmarks, channels, coalesce(time_zone, 'UTC') AS time_zone, quiet_hours, daily_mail_limit,
    (
        SELECT json_group_array(json_object('day', day, 'grams', grams))
        FROM (
            SELECT day, grams FROM body_weights
            WHERE athlete_id = :athlete_id AND day <= date(:day, '+1 day')
            ORDER BY day DESC LIMIT 3
        )
    ) AS body_weights
FROM athletes
WHERE athlete_id = :athlete_id

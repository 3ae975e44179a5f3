-- Changes a profile. A NULL leaves a column as it is. The channels: kinds with all channels off return to their
-- defaults first if they are in :unmuted ({"kind": default for e-mail}), then :channels is merged.
UPDATE athletes SET
    display_name = coalesce(:display_name, display_name),
    email = iif(:changes_email, :email, email),
    email_confirmed = email_confirmed AND NOT (:changes_email AND :email IS NOT email),
    units = coalesce(:units, units),
    email_threshold = coalesce(:email_threshold, email_threshold),
    landmarks = coalesce(:landmarks, landmarks),
    channels = json_patch(
        iif(:from_defaults, '{}', json_patch(channels, (
            SELECT json_group_object(muted.key, NULL) FROM json_each(:unmuted) AS muted
            WHERE NOT coalesce(channels -> muted.key ->> 'in_app', 1)
                AND NOT coalesce(channels -> muted.key ->> 'webhook', 1)
                AND NOT coalesce(channels -> muted.key ->> 'email', muted.value)
        ))),
        :channels
    ),
    time_zone = coalesce(:time_zone, time_zone),
    quiet_hours = iif(:changes_quiet_hours, :quiet_hours, quiet_hours),
    daily_mail_limit = coalesce(:daily_mail_limit, daily_mail_limit)
WHERE athlete_id = :athlete_id AND {live_key}

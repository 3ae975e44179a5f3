-- Decides about the new rows that the budget limits: of each athlete the most useful one is shown, if its day, its
-- week and, for one that needs no action, the weeks beside it have a free slot: a day can go back when an athlete
-- travels west. One that needs action takes the slot of one of its day that needs none (give_way.sql). The others are held. All new rows of an athlete have the same day.
WITH undecided AS (
    SELECT
        new.athlete_id, new.notification_id, new.slot_day, new.slot_rank,
        date(new.slot_day, 'weekday 0', '-6 days') AS week_start,
        row_number() OVER (
            PARTITION BY new.athlete_id ORDER BY new.slot_rank, new.created_at_ms, new.notification_id
        ) AS place
    FROM json_each(:new) AS id
    JOIN notifications AS new
        ON new.athlete_id = id.value ->> 0 AND new.notification_id = id.value ->> 1 AND new.held IS NULL
),

decided AS (
    SELECT
        action.athlete_id, action.notification_id,
        place = 1
        AND (
            SELECT
                coalesce(sum(slot_day = action.slot_day), 0) < :day_max
                AND coalesce(sum(date(slot_day, 'weekday 0', '-6 days') = action.week_start), 0) < :week_max
                AND (action.slot_rank < :advice_rank OR coalesce(sum(slot_rank >= :advice_rank), 0) < :advice_max)
            FROM notifications AS shown
            WHERE shown.athlete_id = action.athlete_id
                AND shown.slot_day BETWEEN date(action.week_start, '-7 days') AND date(action.week_start, '13 days')
                AND shown.held = 0
                AND NOT (action.slot_rank < :advice_rank AND {gives_way})
        ) AS is_shown
    FROM undecided AS action
)

UPDATE notifications SET
    held = NOT is_shown,
    in_app = in_app AND is_shown,
    mail_due_at_ms = iif(is_shown, mail_due_at_ms, NULL),
    slot_day = iif(is_shown, slot_day, NULL)
FROM decided
WHERE notifications.athlete_id = decided.athlete_id AND notifications.notification_id = decided.notification_id

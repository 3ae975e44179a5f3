-- Holds the notifications that give way to a new one, after hold.sql. A repeat finds none: the day has no other slot.
UPDATE notifications AS shown SET held = 1, in_app = 0, mail_due_at_ms = NULL, slot_day = NULL
FROM (
    SELECT new.athlete_id, new.slot_day
    FROM json_each(:new) AS id
    JOIN notifications AS new
        ON new.athlete_id = id.value ->> 0 AND new.notification_id = id.value ->> 1
        AND new.held = 0 AND new.slot_rank < :advice_rank
) AS action
WHERE shown.athlete_id = action.athlete_id AND shown.held = 0 AND {gives_way}

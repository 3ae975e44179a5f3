-- Whether a notification `shown` gives its slot to `action`, which needs action, on the same day: it needs none itself,
-- and the athlete has neither read it nor been emailed.
(shown.slot_day = action.slot_day AND shown.slot_rank >= :advice_rank AND shown.read_at_ms IS NULL AND shown.mail_attempt = 0)

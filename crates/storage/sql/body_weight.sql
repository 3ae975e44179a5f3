-- The body weight that counts: the one entered with the workout, else the last one known on its day, else the first one
-- known.
coalesce({entered_body_weight}, iif(
    EXISTS (SELECT 1 FROM body_weights WHERE athlete_id = :athlete_id AND day <= {body_weight_day}),
    (SELECT grams FROM body_weights WHERE athlete_id = :athlete_id AND day <= {body_weight_day} ORDER BY day DESC LIMIT 1),
    (SELECT grams FROM body_weights WHERE athlete_id = :athlete_id ORDER BY day LIMIT 1)
))

-- Changes a workout that still has the revision that was read. Only an assigned column costs a write in each of its
-- indexes, so that the start and the due time are assigned only when they change.
UPDATE workouts SET
    revision = revision + 1,
    completed_revision = CASE
        WHEN :status <> 'completed' THEN 0
        WHEN status = 'completed' THEN completed_revision
        ELSE revision + 1
    END,
    status = :status,
    change_seq = {next_change},
    changed_at_ms = :now_ms,
    body_weight_grams = iif(:keeps_body_weight, body_weight_grams, {body_weight}),
    traceparent = :traceparent,
    own_exercises = iif(:keeps_exercises, own_exercises, (
        SELECT json_group_object(named.value, json(coalesce(own.definition, workouts.own_exercises -> named.value)))
        FROM json_each(:slugs) AS named
        LEFT JOIN exercises AS own ON own.athlete_id = :athlete_id AND own.slug = named.value
    )),
    document = :document,
    set_keys = iif(:set_key IS NULL, set_keys, json_patch(
        iif(octet_length(set_keys) < :set_keys_bytes_max, set_keys, json_remove(
            set_keys, '$."' || (SELECT key FROM json_each(set_keys) ORDER BY value ->> 0 LIMIT 1) || '"'
        )),
        json_object(:set_key, json(:set_of_key))
    ))
    {assigned}
WHERE athlete_id = :athlete_id AND workout_id = :workout_id AND status <> 'deleted' AND revision = :revision
    AND NOT EXISTS ({unknown_slugs} AND workouts.own_exercises -> named.value IS NULL)
    AND {live_key} {condition}
RETURNING revision, completed_revision, nullif(own_exercises, '{}') AS own_exercises, body_weight_grams, due_at_ms

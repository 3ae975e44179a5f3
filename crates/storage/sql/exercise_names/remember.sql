-- Remembers what names stand for. Longer names are not remembered.
INSERT INTO exercise_names (athlete_id, name, slug, mapped_at_ms)
SELECT :athlete_id, entry.key, entry.value, :now_ms FROM json_each(:mapping) AS entry
WHERE length(entry.key) <= :name_chars_max AND {live_key}
ON CONFLICT (athlete_id, name) DO UPDATE SET slug = excluded.slug, mapped_at_ms = excluded.mapped_at_ms

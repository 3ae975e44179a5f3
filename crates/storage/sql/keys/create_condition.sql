-- True if the athlete has fewer keys than allowed, and the new key has no scope that the caller's key lacks and does
-- not outlive it.
(SELECT count(*) FROM api_keys WHERE athlete_id = :athlete_id) < :live_keys_max
AND NOT EXISTS (
    SELECT 1 FROM json_each(:scopes) AS scope, api_keys AS own
    WHERE own.athlete_id = :athlete_id AND own.key_id = :key_id AND (
        instr(own.scopes, scope.value) = 0
        OR coalesce(:expires_at_ms > own.expires_at_ms, own.expires_at_ms IS NOT NULL AND :expires_at_ms IS NULL)
    )
)
AND {live_key}

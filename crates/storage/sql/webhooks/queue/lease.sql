UPDATE webhook_endpoints SET lease_id = :lease_id, leased_until_ms = :until_ms
WHERE (athlete_id, endpoint_id) IN (
    SELECT value ->> 'athlete_id', value ->> 'endpoint_id' FROM json_each(:list)
)
    AND status = 'enabled' AND (leased_until_ms <= :now_ms OR lease_id = :lease_id)
RETURNING athlete_id, endpoint_id, url, signing_keys, failing_since_ms, unsigned_since_ms, generation

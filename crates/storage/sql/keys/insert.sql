INSERT INTO api_keys (athlete_id, key_id, secret_hash, name, scopes, expires_at_ms, created_at_ms)
SELECT athlete_id, :new_key_id, :new_secret_hash, :name, :scopes, :expires_at_ms, :now_ms
FROM athletes
WHERE athlete_id = :athlete_id AND {condition}
RETURNING key_id

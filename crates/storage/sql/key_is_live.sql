-- True of a row of api_keys that is the key of the call, and live. The comparison is of SHA-256 hashes of a 256-bit
-- random secret, so its timing reveals nothing about the secret (docs/adr/0004-keys.md).
key.athlete_id = :athlete_id AND key.key_id = :key_id AND key.secret_hash = :secret_hash
AND key.revoked_at_ms IS NULL AND coalesce(key.expires_at_ms > :call_at_ms, 1)
-- No scope's name contains another's.
AND instr(key.scopes, :scope) > 0

-- The import that a request with the Idempotency-Key stored.
import.import_id = (
    SELECT resource_id FROM idempotency_keys
    WHERE athlete_id = :athlete_id AND created = :created AND idempotency_key = :idempotency_key
)

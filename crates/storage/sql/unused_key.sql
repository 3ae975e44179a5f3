-- True if the athlete has not used the Idempotency-Key to create a resource of this kind, or if it is NULL.
(
    :idempotency_key IS NULL OR NOT EXISTS (
        SELECT 1 FROM idempotency_keys
        WHERE athlete_id = :athlete_id AND created = :created AND idempotency_key = :idempotency_key
    )
)

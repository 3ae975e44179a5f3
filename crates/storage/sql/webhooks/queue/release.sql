UPDATE webhook_endpoints SET lease_id = '', leased_until_ms = asked.rest
FROM (
    SELECT
        value ->> 'athlete_id' AS athlete_id, value ->> 'endpoint_id' AS endpoint_id, value ->> 'rest_until_ms' AS rest
    FROM json_each(:list)
) AS asked
WHERE webhook_endpoints.athlete_id = asked.athlete_id AND webhook_endpoints.endpoint_id = asked.endpoint_id
    AND webhook_endpoints.lease_id = :lease_id

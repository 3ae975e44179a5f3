-- A NULL leaves a column as it is. A new URL, or enabling the endpoint, clears failing_since_ms. The first reason for
-- disabling stays.
UPDATE webhook_endpoints SET
    url = coalesce(:url, url),
    description = coalesce(:description, description),
    event_types = coalesce(:event_types, event_types),
    form = coalesce(:form, form),
    version = coalesce(:version, version),
    failing_since_ms = iif(
        coalesce(:url, url) <> url OR (:enabled AND status = 'disabled'), NULL, failing_since_ms
    ),
    generation = generation + (coalesce(:url, url) <> url OR :enabled IS NOT NULL),
    disabled_reason = CASE
        WHEN :enabled THEN NULL
        WHEN NOT :enabled AND status = 'enabled' THEN 'by its owner'
        ELSE disabled_reason
    END,
    status = CASE :enabled WHEN 1 THEN 'enabled' WHEN 0 THEN 'disabled' ELSE status END
WHERE athlete_id = :athlete_id AND endpoint_id = :endpoint_id AND {live_key}

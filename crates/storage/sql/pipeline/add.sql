INSERT INTO pipeline_minutes (minute_ms, queue, event_type, handled, retried, dead_lettered, latency)
SELECT
    value ->> 'minute_ms', value ->> 'queue', value ->> 'event_type', value ->> 'handled', value ->> 'retried',
    value ->> 'dead_lettered', value -> 'latency'
-- SQLite needs the WHERE to parse an upsert from a SELECT.
FROM json_each(:minutes) WHERE true
ON CONFLICT (minute_ms, queue, event_type) DO UPDATE SET
    handled = handled + excluded.handled,
    retried = retried + excluded.retried,
    dead_lettered = dead_lettered + excluded.dead_lettered,
    latency = (
        SELECT json_group_array(count)
        FROM (
            SELECT a.value + b.value AS count
            FROM json_each(pipeline_minutes.latency) AS a
            JOIN json_each(excluded.latency) AS b ON a.key = b.key
            ORDER BY a.key
        )
    )

-- The event types of outgoing webhooks have new names: in what endpoints select, and in stored deliveries.
CREATE TABLE renamed_types (before TEXT PRIMARY KEY, after TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO renamed_types (before, after) VALUES
    ('pattern.ended', 'pattern.resolved'),
    ('record.broken', 'record.set'),
    ('weekly_report.made', 'report.weekly'),
    ('webhook.disabled', 'endpoint.disabled'),
    ('endpoint.test', 'test');
UPDATE webhook_endpoints SET event_types = (
    SELECT json_group_array(coalesce(renamed.after, selected.value)) FROM (
        SELECT value FROM json_each(webhook_endpoints.event_types) ORDER BY key
    ) AS selected LEFT JOIN renamed_types AS renamed ON renamed.before = selected.value
);
-- Bodies too: a delivery that waits or is retried is sent with the new type.
UPDATE webhook_deliveries SET event_type = renamed.after, body = json_set(body, '$.type', renamed.after)
FROM renamed_types AS renamed WHERE renamed.before = webhook_deliveries.event_type;
DROP TABLE renamed_types;

-- How each athlete is told; mails and outgoing webhooks as due rows; the order of an inbox.

-- {"new_record": {"email": true}, ...}: by kind of news the channels that the athlete chose otherwise
-- (shared_kernel::news).
ALTER TABLE athletes ADD COLUMN channels TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(channels));
-- Of the IANA database; quiet hours and the day of the mail limit are of this zone.
ALTER TABLE athletes ADD COLUMN time_zone TEXT NOT NULL DEFAULT 'UTC';
-- {"from": "22:00", "to": "07:00"}; NULL is none.
ALTER TABLE athletes ADD COLUMN quiet_hours TEXT CHECK (quiet_hours IS NULL OR json_valid(quiet_hours));
ALTER TABLE athletes ADD COLUMN daily_mail_limit INTEGER NOT NULL DEFAULT 10 CHECK (daily_mail_limit BETWEEN 0 AND 100);

-- Where the row stands in its inbox, in the order of commits; 0 before there was an order.
ALTER TABLE notifications ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
-- Whether the inbox shows it: a row that is only mailed is kept for its mail.
ALTER TABLE notifications ADD COLUMN in_app INTEGER NOT NULL DEFAULT 1 CHECK (in_app IN (0, 1));
ALTER TABLE notifications ADD COLUMN expires_at_ms INTEGER NOT NULL DEFAULT 9007199254740991;
-- When its mail may be tried; while one is sending it, when that claim is over. NULL: no mail waits.
-- mail_attempt counts the tries.
ALTER TABLE notifications ADD COLUMN mail_due_at_ms INTEGER;
-- Why no mail went though one was due.
ALTER TABLE notifications ADD COLUMN mail_error TEXT;
UPDATE notifications SET seq = ranked.seq, expires_at_ms = created_at_ms + 90 * 86400000 FROM (
    SELECT athlete_id, notification_id,
        row_number() OVER (PARTITION BY athlete_id ORDER BY created_at_ms, notification_id) AS seq
    FROM notifications
) AS ranked
WHERE notifications.athlete_id = ranked.athlete_id
    AND notifications.notification_id = ranked.notification_id;
-- expires_at_ms lets the expired be found in the index alone.
CREATE INDEX notifications_by_seq ON notifications (athlete_id, seq, expires_at_ms);
-- read_at_ms, always NULL in it, lets the unread be counted in the index alone.
CREATE INDEX notifications_unread ON notifications (athlete_id, expires_at_ms, read_at_ms)
    WHERE read_at_ms IS NULL AND in_app = 1;
-- Only of mails that wait: the sweep reads the whole of it.
CREATE INDEX notifications_mail_due ON notifications (athlete_id, mail_due_at_ms)
    WHERE mail_due_at_ms IS NOT NULL;

-- Where an athlete's outgoing webhooks go.
CREATE TABLE webhook_endpoints (
    athlete_id TEXT NOT NULL REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    endpoint_id TEXT NOT NULL,
    url TEXT NOT NULL,
    description TEXT NOT NULL,
    -- ["pattern.detected", ...]; [] is every type.
    event_types TEXT NOT NULL CHECK (json_valid(event_types)),
    form TEXT NOT NULL CHECK (form IN ('full', 'thin')),
    -- The version of the payloads.
    version INTEGER NOT NULL,
    -- [{"sealed": ..., "signature": "v1" or "v1a", "expires_at_ms": ... or null}, ...], the newest first.
    signing_keys TEXT NOT NULL CHECK (json_valid(signing_keys)),
    status TEXT NOT NULL DEFAULT 'enabled' CHECK (status IN ('enabled', 'disabled')),
    disabled_reason TEXT,
    created_at_ms INTEGER NOT NULL,
    -- How often its owner has moved, enabled or disabled it: what is known of it from before is void.
    generation INTEGER NOT NULL DEFAULT 0,
    -- Since when no attempt has succeeded.
    failing_since_ms INTEGER,
    -- The lane: who makes its attempts, and until when nobody else does.
    lease_id TEXT NOT NULL DEFAULT '',
    leased_until_ms INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (athlete_id, endpoint_id)
) WITHOUT ROWID;

-- One event for one endpoint: its own outbox, and the log of its attempts.
CREATE TABLE webhook_deliveries (
    athlete_id TEXT NOT NULL,
    endpoint_id TEXT NOT NULL,
    -- The event's id with the time of its first publishing in front: ids sort by time.
    delivery_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    body TEXT NOT NULL,
    traceparent TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'delivered', 'failed')),
    created_at_ms INTEGER NOT NULL,
    -- Attempts of its schedule that were begun.
    attempt INTEGER NOT NULL DEFAULT 0,
    -- When the next attempt may begin; while one is under way, when it is given up for lost.
    due_at_ms INTEGER NOT NULL,
    -- [{"at_ms", "outcome", "status", "error", "duration_ms", "answer"}, ...], the last ones.
    attempts TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(attempts)),
    PRIMARY KEY (athlete_id, endpoint_id, delivery_id),
    FOREIGN KEY (athlete_id, endpoint_id)
        REFERENCES webhook_endpoints (athlete_id, endpoint_id) ON DELETE CASCADE
) WITHOUT ROWID;

-- A repeat of an event is the same row, whenever it was published.
CREATE UNIQUE INDEX webhook_deliveries_by_event ON webhook_deliveries (athlete_id, endpoint_id, event_id);
CREATE INDEX webhook_deliveries_lane ON webhook_deliveries (athlete_id, endpoint_id, status, due_at_ms);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (due_at_ms) WHERE status = 'waiting';

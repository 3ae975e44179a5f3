-- What operators do with dead letters, who did it, and how the pipeline does.

-- Rebuilt, so that the body, which is long, comes last: no other column is read past it.
ALTER TABLE dead_letters RENAME TO dead_letters_before;
DROP INDEX dead_letters_by_time;
CREATE TABLE dead_letters (
    dead_letter_id TEXT PRIMARY KEY,
    queue TEXT NOT NULL,
    message_id TEXT NOT NULL,
    event_id TEXT,
    event_type TEXT,
    athlete_id TEXT,
    traceparent TEXT,
    reason TEXT NOT NULL,
    -- The reason without its numbers and ids: one for one fault. '' before there were groups.
    reason_group TEXT NOT NULL DEFAULT '',
    attempts INTEGER NOT NULL,
    -- Of its last failure.
    failed_at_ms INTEGER NOT NULL,
    status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'redriven', 'discarded')),
    -- How often an operator had it sent again.
    redrives INTEGER NOT NULL DEFAULT 0,
    redriven_at_ms INTEGER,
    -- The action that is sending it, and until when nobody else does. 0: nobody is.
    claim_id TEXT NOT NULL DEFAULT '',
    claimed_until_ms INTEGER NOT NULL DEFAULT 0,
    -- Why it was discarded.
    note TEXT,
    -- [{"at_ms", "what", ...}, ...], the oldest first: each failure, and what operators did.
    history TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(history)),
    -- What is sent in the body's place.
    edited_body TEXT,
    body TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO dead_letters (dead_letter_id, queue, message_id, event_id, event_type, athlete_id, traceparent,
    reason, attempts, failed_at_ms, status, body)
SELECT dead_letter_id, queue, message_id, event_id, event_type, athlete_id, traceparent,
    reason, attempts, failed_at_ms, status, body
FROM dead_letters_before;
DROP TABLE dead_letters_before;
CREATE INDEX dead_letters_by_time ON dead_letters (failed_at_ms, dead_letter_id);
-- What is open is counted in the index alone.
CREATE INDEX dead_letters_by_status ON dead_letters (status, queue, failed_at_ms);

-- Who did what. Operators' table: no foreign key.
CREATE TABLE operator_actions (
    at_ms INTEGER NOT NULL,
    action_id TEXT NOT NULL,
    -- The name that the operator gave, or the fingerprint of the token.
    operator TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('redrive', 'edit', 'discard')),
    -- {"ids": [...], "force": ...}, or the filter.
    selection TEXT NOT NULL CHECK (json_valid(selection)),
    note TEXT,
    -- How many dead letters it came to.
    affected INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (at_ms, action_id)
) WITHOUT ROWID;

-- What came of events, by the minute in which they were settled: a row for each type, however many
-- there were.
CREATE TABLE pipeline_minutes (
    minute_ms INTEGER NOT NULL,
    queue TEXT NOT NULL,
    -- '' is what is no event.
    event_type TEXT NOT NULL,
    handled INTEGER NOT NULL,
    retried INTEGER NOT NULL,
    dead_lettered INTEGER NOT NULL,
    -- How many were handled how long after they happened, by bucket (shared_kernel::latency).
    latency TEXT NOT NULL CHECK (json_valid(latency)),
    PRIMARY KEY (minute_ms, queue, event_type)
) WITHOUT ROWID;

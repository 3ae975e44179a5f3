-- The operators' database: what no athlete owns. An athlete's data is in one of the athletes' databases.
-- Instants are INTEGER milliseconds since 1970 (UTC).

CREATE TABLE dead_letters (
    dead_letter_id TEXT PRIMARY KEY,
    queue TEXT NOT NULL,
    message_id TEXT NOT NULL,
    event_id TEXT,
    event_type TEXT,
    athlete_id TEXT,
    traceparent TEXT,
    reason TEXT NOT NULL,
    -- The reason without its numbers and ids: the same for each dead letter with the same cause.
    reason_group TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    -- Of its last failure.
    failed_at_ms INTEGER NOT NULL,
    -- Open for an operator, or waiting for the sweep, because its cause was an outage.
    status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'waiting', 'redriven', 'discarded')),
    -- When the sweep redrives it; NULL unless it is waiting.
    due_at_ms INTEGER,
    -- Its failures since an operator last redrove it.
    failures INTEGER NOT NULL DEFAULT 1,
    -- The number of times that an operator redrove it.
    redrives INTEGER NOT NULL DEFAULT 0,
    -- The action or the sweep that is redriving it or did so last ('sweep ' and an id), and the end of its claim; '' and
    -- 0 without one.
    claim_id TEXT NOT NULL DEFAULT '',
    claimed_until_ms INTEGER NOT NULL DEFAULT 0,
    -- Why it was discarded.
    note TEXT,
    -- [{"at_ms", "what", ...}, ...], the oldest first: failures and redrives, and what operators did. At most 50.
    history TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(history)),
    -- Sent in place of the body.
    edited_body TEXT,
    -- Last, because it is long: no other column is read past it.
    body TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX dead_letters_by_time ON dead_letters (failed_at_ms, dead_letter_id);
-- Open and waiting dead letters are counted in the index alone, and the newest of a status are found in it.
CREATE INDEX dead_letters_by_status ON dead_letters (status, failed_at_ms, queue);
-- claim_due.sql: the dead letters that the sweep redrives.
CREATE INDEX dead_letters_due ON dead_letters (due_at_ms) WHERE due_at_ms IS NOT NULL;

-- What operators did.
CREATE TABLE operator_actions (
    at_ms INTEGER NOT NULL,
    action_id TEXT NOT NULL,
    -- The name that the operator gave, or the fingerprint of the token.
    operator TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('redrive', 'edit', 'discard')),
    -- {"ids": [...], "force": ...}, or the filter.
    selection TEXT NOT NULL CHECK (json_valid(selection)),
    note TEXT,
    -- The number of dead letters that it changed.
    affected INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (at_ms, action_id)
) WITHOUT ROWID;

-- The metrics of events by the minute in which they were handled: one row for each type.
CREATE TABLE pipeline_minutes (
    minute_ms INTEGER NOT NULL,
    queue TEXT NOT NULL,
    -- '' for messages that are not events.
    event_type TEXT NOT NULL,
    handled INTEGER NOT NULL,
    retried INTEGER NOT NULL,
    dead_lettered INTEGER NOT NULL,
    -- Counts by bucket of the time from the event to the end of its handling (crates/storage/src/latency.rs).
    latency TEXT NOT NULL CHECK (json_valid(latency)),
    PRIMARY KEY (minute_ms, queue, event_type)
) WITHOUT ROWID;

-- The deleted athletes, so that no dead letter keeps anything of theirs. A copy of what the athletes' databases
-- store with the deletion.
CREATE TABLE deleted_athletes (
    athlete_id TEXT PRIMARY KEY,
    deleted_at_ms INTEGER NOT NULL
) WITHOUT ROWID;

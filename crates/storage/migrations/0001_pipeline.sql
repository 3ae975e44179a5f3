-- The pipeline's tables. Every table of athletes' data leads with athlete_id; no query joins two
-- athletes. WITHOUT ROWID: the primary key is the table, so that a row written is one row billed.
-- Days are TEXT 'YYYY-MM-DD', instants INTEGER milliseconds since 1970 (UTC), mass whole grams,
-- hard sets whole halves.

CREATE TABLE athletes (
    athlete_id TEXT PRIMARY KEY,
    display_name TEXT NOT NULL,
    email TEXT,
    units TEXT NOT NULL DEFAULT 'kg' CHECK (units IN ('kg', 'lb')),
    body_weight_grams INTEGER CHECK (body_weight_grams BETWEEN 0 AND 1000000),
    email_threshold REAL NOT NULL DEFAULT 0.8 CHECK (email_threshold BETWEEN 0 AND 1),
    created_at_ms INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE api_keys (
    athlete_id TEXT NOT NULL REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    key_id TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    revoked_at_ms INTEGER,
    PRIMARY KEY (athlete_id, key_id)
) WITHOUT ROWID;

-- A workout is one row with its document as entered; the row is its own outbox:
-- aggregated_revision < revision means "not yet through".
CREATE TABLE workouts (
    athlete_id TEXT NOT NULL REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    workout_id TEXT NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 1),
    aggregated_revision INTEGER NOT NULL DEFAULT 0,
    status TEXT NOT NULL CHECK (status IN ('in_progress', 'completed', 'deleted')),
    local_date TEXT NOT NULL,
    started_at_ms INTEGER NOT NULL,
    document TEXT NOT NULL CHECK (json_valid(document)),
    body_weight_grams INTEGER,
    changed_at_ms INTEGER NOT NULL,
    -- When the sweep sends it again if it is not through by then, and how often it has.
    resend_at_ms INTEGER NOT NULL,
    resends INTEGER NOT NULL DEFAULT 0,
    traceparent TEXT NOT NULL,
    PRIMARY KEY (athlete_id, workout_id)
) WITHOUT ROWID;

CREATE INDEX workouts_by_day ON workouts (athlete_id, local_date, started_at_ms, workout_id);
CREATE INDEX workouts_pending ON workouts (athlete_id, resend_at_ms)
    WHERE aggregated_revision < revision;

-- The answer of a POST, kept for 7 days under the caller's Idempotency-Key.
CREATE TABLE idempotency_keys (
    athlete_id TEXT NOT NULL REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    idempotency_key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    workout_id TEXT NOT NULL,
    document TEXT NOT NULL,
    body_weight_grams INTEGER,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (athlete_id, idempotency_key)
) WITHOUT ROWID;

-- What each workout adds, at the newest revision that came in. Days and weeks are sums of it.
CREATE TABLE volume_ledger (
    athlete_id TEXT NOT NULL REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    workout_id TEXT NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 1),
    local_date TEXT NOT NULL CHECK (local_date = date(local_date)),
    -- The day it counted for before this revision, when that was another one.
    moved_from TEXT,
    workouts INTEGER NOT NULL CHECK (workouts IN (0, 1)),
    sets INTEGER NOT NULL CHECK (sets >= 0),
    tonnage_grams INTEGER NOT NULL CHECK (tonnage_grams >= 0),
    hard_half_sets INTEGER NOT NULL CHECK (hard_half_sets >= 0),
    -- {"chest": [half sets, grams], ...}
    muscles TEXT NOT NULL CHECK (json_valid(muscles)),
    PRIMARY KEY (athlete_id, workout_id)
) WITHOUT ROWID;

CREATE INDEX volume_ledger_by_day ON volume_ledger (athlete_id, local_date);

CREATE TABLE daily_volume (
    athlete_id TEXT NOT NULL REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    local_date TEXT NOT NULL,
    workouts INTEGER NOT NULL,
    sets INTEGER NOT NULL,
    tonnage_grams INTEGER NOT NULL,
    hard_half_sets INTEGER NOT NULL,
    muscles TEXT NOT NULL,
    PRIMARY KEY (athlete_id, local_date)
) WITHOUT ROWID;

CREATE TABLE weekly_volume (
    athlete_id TEXT NOT NULL REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    week_start TEXT NOT NULL,
    workouts INTEGER NOT NULL,
    sets INTEGER NOT NULL,
    tonnage_grams INTEGER NOT NULL,
    hard_half_sets INTEGER NOT NULL,
    muscles TEXT NOT NULL,
    -- The sum of the ledger's revisions in the week: which state of the week this is.
    version INTEGER NOT NULL,
    -- A bit for each muscle and threshold that was announced (storage::volume::announced_bit).
    announced INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (athlete_id, week_start)
) WITHOUT ROWID;

CREATE TABLE patterns (
    athlete_id TEXT NOT NULL REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    pattern_id TEXT NOT NULL,
    pattern TEXT NOT NULL,
    subject TEXT NOT NULL,
    since TEXT NOT NULL,
    confidence REAL NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    evidence TEXT NOT NULL CHECK (json_valid(evidence)),
    title TEXT NOT NULL,
    recommendation TEXT NOT NULL,
    detected_at_ms INTEGER NOT NULL,
    PRIMARY KEY (athlete_id, pattern_id)
) WITHOUT ROWID;

CREATE TABLE notifications (
    athlete_id TEXT NOT NULL REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    -- The id of the event that asked for it: a repeat is the same row.
    notification_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    data TEXT NOT NULL CHECK (json_valid(data)),
    created_at_ms INTEGER NOT NULL,
    read_at_ms INTEGER,
    -- Which delivery attempt holds the claim on its mail; 0 is none.
    mail_attempt INTEGER NOT NULL DEFAULT 0,
    mailed_at_ms INTEGER,
    PRIMARY KEY (athlete_id, notification_id)
) WITHOUT ROWID;

CREATE INDEX notifications_by_time ON notifications (athlete_id, created_at_ms, notification_id);

-- Operators' table: no athlete's data hangs on it, so it has no foreign key and stands apart.
CREATE TABLE dead_letters (
    dead_letter_id TEXT PRIMARY KEY,
    queue TEXT NOT NULL,
    message_id TEXT NOT NULL,
    event_id TEXT,
    event_type TEXT,
    athlete_id TEXT,
    traceparent TEXT,
    reason TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    failed_at_ms INTEGER NOT NULL,
    status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'redriven', 'discarded')),
    body TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX dead_letters_by_time ON dead_letters (failed_at_ms, dead_letter_id);

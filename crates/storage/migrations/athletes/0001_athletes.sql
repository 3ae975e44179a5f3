-- An athletes' database: every table leads with athlete_id, and no query joins two athletes. WITHOUT ROWID: the
-- primary key is the table, so that a row written is one row billed. Days are TEXT 'YYYY-MM-DD', instants INTEGER
-- milliseconds since 1970 (UTC), mass whole grams, hard sets whole halves.

CREATE TABLE athletes (
    athlete_id TEXT PRIMARY KEY,
    display_name TEXT NOT NULL,
    email TEXT,
    -- Whether the address may receive more than the link that confirms it.
    email_confirmed INTEGER NOT NULL DEFAULT 0 CHECK (email_confirmed IN (0, 1)),
    -- The last UTC day on which links were requested, and their number.
    confirmation_day TEXT NOT NULL DEFAULT '',
    confirmation_links INTEGER NOT NULL DEFAULT 0,
    -- NULL until the athlete chooses: kilograms.
    units TEXT CHECK (units IN ('kg', 'lb')),
    -- Of the IANA database, for quiet hours, the day of the email limit, and workouts that start at a bare Z. NULL until
    -- the athlete chooses: UTC.
    time_zone TEXT,
    -- {"new_record": {"email": true}, ...}: by kind of notification the channels that the athlete changed.
    channels TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(channels)),
    email_threshold REAL NOT NULL DEFAULT 0.8 CHECK (email_threshold BETWEEN 0 AND 1),
    daily_mail_limit INTEGER NOT NULL DEFAULT 10 CHECK (daily_mail_limit BETWEEN 0 AND 100),
    -- {"from": "22:00", "to": "07:00"}; NULL is none.
    quiet_hours TEXT CHECK (quiet_hours IS NULL OR json_valid(quiet_hours)),
    -- {"chest": {"mev": half sets, "mav": half sets, "mrv": half sets}, ...}, each optional: what the athlete set in
    -- place of the defaults.
    landmarks TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(landmarks)),
    -- Increases with each custom exercise that is added or changed: names are compared with the list of one revision,
    -- and stored if it is still current.
    exercises_revision INTEGER NOT NULL DEFAULT 0,
    -- The last week with a report, or without anything to report.
    reported_week TEXT NOT NULL DEFAULT '',
    -- When the sweep requests the report again if it is still missing, and how often it has.
    report_resend_at_ms INTEGER NOT NULL DEFAULT 0,
    report_requests INTEGER NOT NULL DEFAULT 0,
    -- The minute of the day in which reports are due: 0 to 1439, by two bytes of the id. The last byte chooses the
    -- database (crates/storage/src/shards.rs).
    report_minute INTEGER GENERATED ALWAYS AS (
        (((instr('0123456789abcdef', substr(athlete_id, -6, 1)) - 1) * 16
            + instr('0123456789abcdef', substr(athlete_id, -5, 1)) - 1) * 256
            + (instr('0123456789abcdef', substr(athlete_id, -4, 1)) - 1) * 16
            + instr('0123456789abcdef', substr(athlete_id, -3, 1)) - 1) * 1440 / 65536
    ) VIRTUAL,
    created_at_ms INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX athletes_by_report ON athletes (reported_week, report_minute);

CREATE TABLE api_keys (
    athlete_id TEXT NOT NULL REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    key_id TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    name TEXT NOT NULL DEFAULT '',
    -- ["read", "write"]: the calls that the key may make.
    scopes TEXT NOT NULL CHECK (json_valid(scopes)),
    created_at_ms INTEGER NOT NULL,
    -- NULL is never.
    expires_at_ms INTEGER,
    revoked_at_ms INTEGER,
    -- The UTC day of the last call; it may lag a day.
    last_used_on TEXT CHECK (last_used_on = date(last_used_on)),
    PRIMARY KEY (athlete_id, key_id)
) WITHOUT ROWID;

-- Body weight by the day from which it holds; NULL from the day on which it was removed.
CREATE TABLE body_weights (
    athlete_id TEXT NOT NULL REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    day TEXT NOT NULL CHECK (day = date(day)),
    grams INTEGER CHECK (grams BETWEEN 0 AND 1000000),
    PRIMARY KEY (athlete_id, day)
) WITHOUT ROWID;

-- Custom exercises. A workout keeps the definitions that it was saved with.
CREATE TABLE exercises (
    athlete_id TEXT NOT NULL REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    slug TEXT NOT NULL,
    definition TEXT NOT NULL CHECK (json_valid(definition)),
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (athlete_id, slug)
) WITHOUT ROWID;

-- A workout is one row, and its own outbox: aggregated_revision < revision means "not yet aggregated". It is also the
-- record of the Idempotency-Key that created it, from which its id is derived. With a rowid: documents are too long for
-- the pages of a table without one (docs/adr/0034).
CREATE TABLE workouts (
    athlete_id TEXT NOT NULL REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    workout_id TEXT NOT NULL,
    -- 1 when posted, one more with each change.
    revision INTEGER NOT NULL CHECK (revision >= 1),
    aggregated_revision INTEGER NOT NULL DEFAULT 0,
    -- The revision that completed it; 0 while it is in progress.
    completed_revision INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('in_progress', 'completed', 'deleted')),
    -- The position of its last change among all changes of the athlete's workouts, in the order of commits.
    change_seq INTEGER NOT NULL,
    local_date TEXT NOT NULL,
    started_at_ms INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    changed_at_ms INTEGER NOT NULL,
    -- When the sweep next handles it: sends its event, or completes it if it was left open. NULL is never.
    due_at_ms INTEGER,
    -- How often the sweep has sent its event.
    resends INTEGER NOT NULL DEFAULT 0,
    body_weight_grams INTEGER,
    traceparent TEXT NOT NULL,
    -- SHA-256 of the request that created it, if it had an Idempotency-Key.
    request_hash TEXT,
    -- {"key": [set id, request], ...}: the sets that were added under an Idempotency-Key, hashed. The newest 1,080.
    set_keys TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(set_keys)),
    -- {"slug": definition, ...} of the custom exercises in it, as of the time it was saved.
    own_exercises TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(own_exercises)),
    -- {"row": id, "revision": n, "format": name} of the import that stored it last: the id that the import gave to its
    -- workout, and the revision that it stored. NULL if no import did. At another revision it was edited since.
    imported TEXT CHECK (imported IS NULL OR json_valid(imported)),
    -- The workout as entered (crates/storage/src/workouts/document.rs).
    document TEXT NOT NULL CHECK (json_valid(document)),
    PRIMARY KEY (athlete_id, workout_id)
);

-- workouts::list, newest first; imports::same_sessions: those of the same time.
CREATE INDEX workouts_by_start ON workouts (athlete_id, started_at_ms, workout_id);
-- workouts::changes; the next position is the highest plus one.
CREATE UNIQUE INDEX workouts_by_change ON workouts (athlete_id, change_seq);
-- workouts::take_overdue and workouts::left_open; volume::weeks and pipeline::pending count in it.
CREATE INDEX workouts_due ON workouts (athlete_id, due_at_ms) WHERE due_at_ms IS NOT NULL;

-- The requests that added an exercise or an import under an Idempotency-Key, for 7 days. A replay reads the resource:
-- nothing of it is copied.
CREATE TABLE idempotency_keys (
    athlete_id TEXT NOT NULL REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    created TEXT NOT NULL CHECK (created IN ('exercise', 'import')),
    idempotency_key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    -- The slug of the exercise, or the id of the import.
    resource_id TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (athlete_id, created, idempotency_key)
) WITHOUT ROWID;

-- The contribution of each workout at its newest aggregated revision. Days and weeks are sums of it. The rows of one
-- athlete's weeks are on neighbouring pages: sums and the analysis read weeks.
CREATE TABLE volume_ledger (
    athlete_id TEXT NOT NULL REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    workout_id TEXT NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 1),
    local_date TEXT NOT NULL CHECK (local_date = date(local_date)),
    started_at_ms INTEGER NOT NULL,
    -- The Mondays of the weeks from which it was moved since they were last published, each once, separated by blanks.
    moved_from TEXT,
    workouts INTEGER NOT NULL CHECK (workouts IN (0, 1)),
    sets INTEGER NOT NULL CHECK (sets >= 0),
    tonnage_grams INTEGER NOT NULL CHECK (tonnage_grams >= 0),
    hard_half_sets INTEGER NOT NULL CHECK (hard_half_sets >= 0),
    -- {"chest": [direct hard sets, indirect hard sets, grams], ...}
    muscles TEXT NOT NULL,
    -- {"slug": [...], ...}: the performance in each exercise (crates/storage/src/lifts.rs).
    lifts TEXT NOT NULL,
    -- {"slug/kind": value, ...}: candidates for records that an edit lowered or removed. NULL for most workouts.
    peaks TEXT,
    PRIMARY KEY (athlete_id, local_date, workout_id)
) WITHOUT ROWID;

-- ledger/upsert.sql, and the other statements about single workouts.
CREATE UNIQUE INDEX volume_ledger_by_workout ON volume_ledger (athlete_id, workout_id);

-- Days are summed when they are read: a day has a few workouts.
CREATE VIEW daily_volume AS
SELECT
    day.athlete_id, day.local_date, sum(day.workouts) AS workouts, sum(day.sets) AS sets,
    sum(day.tonnage_grams) AS tonnage_grams, sum(day.hard_half_sets) AS hard_half_sets,
    (
        SELECT json_group_object(muscle, json_array(direct, indirect, grams)) FROM (
            SELECT part.key AS muscle, sum(part.value ->> 0) AS direct, sum(part.value ->> 1) AS indirect,
                sum(part.value ->> 2) AS grams
            FROM volume_ledger AS ledger, json_each(ledger.muscles) AS part
            WHERE ledger.athlete_id = day.athlete_id AND ledger.local_date = day.local_date
            GROUP BY part.key
        )
    ) AS muscles
FROM volume_ledger AS day
GROUP BY day.athlete_id, day.local_date;

CREATE TABLE weekly_volume (
    athlete_id TEXT NOT NULL REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    week_start TEXT NOT NULL,
    workouts INTEGER NOT NULL,
    sets INTEGER NOT NULL,
    tonnage_grams INTEGER NOT NULL,
    hard_half_sets INTEGER NOT NULL,
    muscles TEXT NOT NULL,
    -- The sum of the ledger's revisions in the week: it changes with each of them.
    version INTEGER NOT NULL,
    -- A bit for each muscle and threshold that was announced (storage::ledger::announced_bit).
    announced INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (athlete_id, week_start)
) WITHOUT ROWID;

-- {"heaviest_weight": [value, day, workout id, value that it beat, revision, start in milliseconds], ...} by exercise: the
-- highest of each value of the ledger; of equals the earliest. The revision is that of the workout which raised its own
-- value to this one, 0 if none did: the athlete is notified of the records of a revision once.
CREATE TABLE personal_records (
    athlete_id TEXT NOT NULL REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    exercise TEXT NOT NULL,
    records TEXT NOT NULL CHECK (json_valid(records)),
    PRIMARY KEY (athlete_id, exercise)
) WITHOUT ROWID;

-- Training logs of other apps, divided into slices that are stored one by one.
CREATE TABLE imports (
    athlete_id TEXT NOT NULL REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    import_id TEXT NOT NULL,
    format TEXT NOT NULL,
    -- The contents of the file.
    report TEXT NOT NULL CHECK (json_valid(report)),
    created_at_ms INTEGER NOT NULL,
    finished_at_ms INTEGER,
    -- When the athlete took it back.
    undone_at_ms INTEGER,
    -- Of one that was taken back: 1 while workouts are still to be removed; NULL for others.
    is_undoing INTEGER CHECK (is_undoing = 1),
    -- Of one that was taken back: the workouts removed, and those kept because they had been changed.
    removed INTEGER NOT NULL DEFAULT 0,
    kept INTEGER NOT NULL DEFAULT 0,
    traceparent TEXT NOT NULL,
    PRIMARY KEY (athlete_id, import_id)
) WITHOUT ROWID;

-- imports::undoing.
CREATE INDEX imports_undoing ON imports (athlete_id, import_id) WHERE is_undoing = 1;

CREATE TABLE import_slices (
    athlete_id TEXT NOT NULL REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    import_id TEXT NOT NULL,
    slice INTEGER NOT NULL,
    -- held: it names exercises that are unknown.
    state TEXT NOT NULL CHECK (state IN ('waiting', 'held', 'done')),
    workouts TEXT NOT NULL CHECK (json_valid(workouts)),
    imported INTEGER NOT NULL DEFAULT 0,
    updated INTEGER NOT NULL DEFAULT 0,
    duplicates INTEGER NOT NULL DEFAULT 0,
    -- [{"workout_id", "date", "title"}, ...]: the stored workouts that differ from those of the file.
    conflicts TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(conflicts)),
    resend_at_ms INTEGER NOT NULL,
    resends INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (athlete_id, import_id, slice)
) WITHOUT ROWID;

CREATE INDEX import_slices_waiting ON import_slices (resend_at_ms) WHERE state = 'waiting';

-- The exercises that names of other apps stand for, as the athlete has mapped them.
CREATE TABLE exercise_names (
    athlete_id TEXT NOT NULL REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    -- NULL leaves the sets of the name out.
    slug TEXT,
    mapped_at_ms INTEGER NOT NULL,
    PRIMARY KEY (athlete_id, name)
) WITHOUT ROWID;

CREATE TABLE patterns (
    athlete_id TEXT NOT NULL REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    pattern_id TEXT NOT NULL,
    pattern TEXT NOT NULL,
    subject TEXT NOT NULL,
    since TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'resolved')),
    confidence REAL NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    evidence TEXT NOT NULL CHECK (json_valid(evidence)),
    title TEXT NOT NULL,
    recommendation TEXT NOT NULL,
    detected_at_ms INTEGER NOT NULL,
    -- The number of notifications about it, and the time of the last one.
    announcements INTEGER NOT NULL DEFAULT 1,
    announced_at_ms INTEGER NOT NULL DEFAULT 0,
    resolved_at_ms INTEGER,
    PRIMARY KEY (athlete_id, pattern_id)
) WITHOUT ROWID;

CREATE INDEX patterns_by_week ON patterns (athlete_id, since);
-- patterns::analysis_input: the newest of each kind and subject is the first one.
CREATE INDEX patterns_by_subject ON patterns (athlete_id, pattern, subject, detected_at_ms DESC, pattern_id);
CREATE INDEX patterns_open ON patterns (athlete_id) WHERE status = 'open';

-- [recommendation, ...]: what follows from the open patterns, as in the response.
CREATE TABLE recommendations (
    athlete_id TEXT PRIMARY KEY REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    items TEXT NOT NULL CHECK (json_valid(items)),
    made_at_ms INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE weekly_reports (
    athlete_id TEXT NOT NULL REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    week_start TEXT NOT NULL CHECK (week_start = date(week_start, 'weekday 0', '-6 days')),
    report TEXT NOT NULL CHECK (json_valid(report)),
    made_at_ms INTEGER NOT NULL,
    PRIMARY KEY (athlete_id, week_start)
) WITHOUT ROWID;

-- The inbox, and emails that are due.
CREATE TABLE notifications (
    athlete_id TEXT NOT NULL REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    -- The id of the event that requested it: a repeat is the same row.
    notification_id TEXT NOT NULL,
    -- The position of the row in its inbox, in the order of commits.
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    data TEXT NOT NULL CHECK (json_valid(data)),
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    read_at_ms INTEGER,
    -- Whether the inbox shows it: a row that is only sent by email is kept for its email.
    in_app INTEGER NOT NULL DEFAULT 1 CHECK (in_app IN (0, 1)),
    -- The attention budget (docs/adr/0056-an-attention-budget.md): the local day on which it is shown, and its rank.
    -- NULL: the budget does not limit it, or it is held.
    slot_day TEXT CHECK (slot_day = date(slot_day)),
    slot_rank INTEGER,
    -- Whether it exceeded the budget: it is kept for a repeat of its event, and neither shown nor emailed. NULL only
    -- within the transaction that stores it.
    held INTEGER CHECK (held IN (0, 1)),
    -- When its email may be sent; while it is being sent, the end of that claim. NULL: no email is due.
    mail_due_at_ms INTEGER,
    -- The number of attempts to send it.
    mail_attempt INTEGER NOT NULL DEFAULT 0,
    mailed_at_ms INTEGER,
    -- Why a due email was not sent.
    mail_error TEXT,
    PRIMARY KEY (athlete_id, notification_id)
) WITHOUT ROWID;

CREATE INDEX notifications_by_time ON notifications (athlete_id, created_at_ms, notification_id);
-- Expired rows are found in the index alone.
CREATE INDEX notifications_by_seq ON notifications (athlete_id, seq, expires_at_ms);
-- inbox::list and inbox::UNREAD: unread rows are listed by time and counted in the index alone. read_at_ms is always
-- NULL in it.
CREATE INDEX notifications_unread
    ON notifications (athlete_id, created_at_ms, notification_id, expires_at_ms, read_at_ms)
    WHERE read_at_ms IS NULL AND in_app = 1;
-- notifications/hold.sql
CREATE INDEX notifications_slots ON notifications (athlete_id, slot_day, slot_rank) WHERE slot_day IS NOT NULL;
-- Only of emails that are due: the sweep reads all of it.
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
    -- The number of times that its owner moved, enabled or disabled it: earlier results no longer count.
    generation INTEGER NOT NULL DEFAULT 0,
    -- The time since which no attempt has succeeded.
    failing_since_ms INTEGER,
    -- The time since which none of its signing keys can be opened: its deliveries wait for an operator.
    unsigned_since_ms INTEGER,
    -- The lease of the invocation that delivers to it, and its end; no other one does until then.
    lease_id TEXT NOT NULL DEFAULT '',
    leased_until_ms INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (athlete_id, endpoint_id)
) WITHOUT ROWID;

-- pipeline::pending counts them.
CREATE INDEX webhook_endpoints_unsigned ON webhook_endpoints (unsigned_since_ms)
    WHERE unsigned_since_ms IS NOT NULL;

-- One event for one endpoint: its own outbox, and the log of its attempts.
CREATE TABLE webhook_deliveries (
    athlete_id TEXT NOT NULL,
    endpoint_id TEXT NOT NULL,
    -- The event's id after the time of its first publishing: ids sort by time.
    delivery_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    body TEXT NOT NULL,
    traceparent TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'delivered', 'failed')),
    created_at_ms INTEGER NOT NULL,
    -- The attempts of its schedule that were begun.
    attempt INTEGER NOT NULL DEFAULT 0,
    -- When the next attempt may begin; during an attempt, when it counts as lost.
    due_at_ms INTEGER NOT NULL,
    -- [{"at_ms", "outcome", "status", "error", "duration_ms", "answer"}, ...], the last ones.
    attempts TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(attempts)),
    PRIMARY KEY (athlete_id, endpoint_id, delivery_id),
    FOREIGN KEY (athlete_id, endpoint_id)
        REFERENCES webhook_endpoints (athlete_id, endpoint_id) ON DELETE CASCADE
) WITHOUT ROWID;

-- A repeat of an event is the same row, at any time.
CREATE UNIQUE INDEX webhook_deliveries_by_event ON webhook_deliveries (athlete_id, endpoint_id, event_id);
-- deliveries::retry_all reads it alone, and so do the counts of an endpoint.
CREATE INDEX webhook_deliveries_lane
    ON webhook_deliveries (athlete_id, endpoint_id, status, due_at_ms, delivery_id, created_at_ms);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (due_at_ms) WHERE status = 'waiting';

-- The deleted athletes, written with the deletion. The sweep copies them to the operators' database, so that no dead
-- letter keeps anything of theirs.
CREATE TABLE deleted_athletes (
    athlete_id TEXT PRIMARY KEY,
    deleted_at_ms INTEGER NOT NULL,
    copied_at_ms INTEGER
) WITHOUT ROWID;

CREATE INDEX deleted_athletes_to_copy ON deleted_athletes (athlete_id) WHERE copied_at_ms IS NULL;

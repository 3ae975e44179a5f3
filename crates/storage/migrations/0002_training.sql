-- Live logging, edits, the athlete's own exercises, records, sync, imports.

-- What the athlete puts in place of the landmarks of the listing:
-- {"chest": {"mev": half sets, "mav": half sets, "mrv": half sets}, ...}, each optional.
ALTER TABLE athletes ADD COLUMN landmarks TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(landmarks));

-- Body weight by the day from which it holds; NULL is "not known any more".
CREATE TABLE body_weights (
    athlete_id TEXT NOT NULL REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    day TEXT NOT NULL CHECK (day = date(day)),
    grams INTEGER CHECK (grams BETWEEN 0 AND 1000000),
    PRIMARY KEY (athlete_id, day)
) WITHOUT ROWID;

INSERT INTO body_weights (athlete_id, day, grams)
SELECT athlete_id, date(created_at_ms / 1000, 'unixepoch'), body_weight_grams FROM athletes
WHERE body_weight_grams IS NOT NULL;

-- The athlete's own exercises; a workout keeps what it used as it was then.
CREATE TABLE exercises (
    athlete_id TEXT NOT NULL REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    slug TEXT NOT NULL,
    definition TEXT NOT NULL CHECK (json_valid(definition)),
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (athlete_id, slug)
) WITHOUT ROWID;

-- {"slug": definition, ...} of the athlete's own exercises in it.
ALTER TABLE workouts ADD COLUMN own_exercises TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(own_exercises));
-- The revision that completed it; 0 while it goes on.
ALTER TABLE workouts ADD COLUMN completed_revision INTEGER NOT NULL DEFAULT 1;
UPDATE workouts SET completed_revision = 0 WHERE status = 'in_progress';

-- Where its last change stands among all changes of the athlete's workouts, in the order of commits.
ALTER TABLE workouts ADD COLUMN change_seq INTEGER NOT NULL DEFAULT 0;
UPDATE workouts SET change_seq = ranked.seq FROM (
    SELECT athlete_id, workout_id,
        row_number() OVER (PARTITION BY athlete_id ORDER BY changed_at_ms, workout_id) AS seq
    FROM workouts
) AS ranked
WHERE workouts.athlete_id = ranked.athlete_id AND workouts.workout_id = ranked.workout_id;
CREATE UNIQUE INDEX workouts_by_change ON workouts (athlete_id, change_seq);

-- For the sweep that completes what was left open.
CREATE INDEX workouts_open ON workouts (started_at_ms) WHERE status = 'in_progress';

-- A set logged under an Idempotency-Key: which.
ALTER TABLE idempotency_keys ADD COLUMN own_exercises TEXT NOT NULL DEFAULT '{}';
ALTER TABLE idempotency_keys ADD COLUMN set_id INTEGER;

-- {"slug": performance, ...}: what progress shows.
ALTER TABLE volume_ledger ADD COLUMN performances TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(performances));
-- {"slug/kind": value, ...}: what the workout claims of the athlete's records.
ALTER TABLE volume_ledger ADD COLUMN bests TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(bests));

-- {"slug/kind": [value, day, workout id, value that it beat], ...}: of each best of the ledger the
-- highest; of equals the earliest.
CREATE TABLE personal_records (
    athlete_id TEXT PRIMARY KEY REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    document TEXT NOT NULL CHECK (json_valid(document))
) WITHOUT ROWID;

-- What was aggregated before has no performances: everything is sent once more, by the sweep.
DELETE FROM volume_ledger;
UPDATE workouts SET aggregated_revision = 0, resend_at_ms = 0, resends = 0;

CREATE INDEX patterns_by_week ON patterns (athlete_id, since);

-- A log of another app, cut into slices that are counted one by one.
CREATE TABLE imports (
    athlete_id TEXT NOT NULL REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    import_id TEXT NOT NULL,
    format TEXT NOT NULL,
    -- What was found in the file.
    report TEXT NOT NULL CHECK (json_valid(report)),
    created_at_ms INTEGER NOT NULL,
    finished_at_ms INTEGER,
    traceparent TEXT NOT NULL,
    PRIMARY KEY (athlete_id, import_id)
) WITHOUT ROWID;

CREATE TABLE import_slices (
    athlete_id TEXT NOT NULL REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    import_id TEXT NOT NULL,
    slice INTEGER NOT NULL,
    -- held: it names exercises that nobody knows yet.
    state TEXT NOT NULL CHECK (state IN ('waiting', 'held', 'done')),
    workouts TEXT NOT NULL CHECK (json_valid(workouts)),
    imported INTEGER NOT NULL DEFAULT 0,
    duplicates INTEGER NOT NULL DEFAULT 0,
    resend_at_ms INTEGER NOT NULL,
    resends INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (athlete_id, import_id, slice)
) WITHOUT ROWID;

CREATE INDEX import_slices_waiting ON import_slices (resend_at_ms) WHERE state = 'waiting';

-- Operators' table: who was deleted, so that nothing of theirs is kept as a dead letter.
CREATE TABLE deleted_athletes (
    athlete_id TEXT PRIMARY KEY,
    deleted_at_ms INTEGER NOT NULL
) WITHOUT ROWID;

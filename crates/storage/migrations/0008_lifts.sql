-- Lists by instant, replays without copies, and names of exercises that are checked against a list.

-- For the list of an athlete's workouts, newest first, and for duplicates of imported ones, which start
-- in the same second.
DROP INDEX workouts_by_day;
CREATE INDEX workouts_by_start ON workouts (athlete_id, started_at_ms, workout_id);

-- For the sweep that completes workouts left open: by the time of the last call, not of the start.
DROP INDEX workouts_open;
CREATE INDEX workouts_open ON workouts (changed_at_ms) WHERE status = 'in_progress';

-- The request of each Idempotency-Key and the resource that it created, for 7 days. A replay reads the
-- resource: nothing of it is copied.
ALTER TABLE idempotency_keys RENAME TO idempotency_keys_before;
CREATE TABLE idempotency_keys (
    athlete_id TEXT NOT NULL REFERENCES athletes (athlete_id) ON DELETE CASCADE,
    idempotency_key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    created TEXT NOT NULL CHECK (created IN ('workout', 'set', 'exercise', 'import')),
    -- The id of the workout or the import, the workout of the set, or the slug of the exercise.
    resource_id TEXT NOT NULL,
    set_id INTEGER,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (athlete_id, idempotency_key)
) WITHOUT ROWID;
INSERT INTO idempotency_keys (athlete_id, idempotency_key, request_hash, created, resource_id, set_id,
    created_at_ms)
SELECT athlete_id, idempotency_key, request_hash, iif(set_id IS NULL, 'workout', 'set'), workout_id, set_id,
    created_at_ms
FROM idempotency_keys_before;
DROP TABLE idempotency_keys_before;

-- Increases with each custom exercise that is added or changed: names are compared with the list of one
-- revision, and stored if it is still current.
ALTER TABLE athletes ADD COLUMN exercises_revision INTEGER NOT NULL DEFAULT 0;

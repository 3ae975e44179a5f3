-- The tables of the peers: what a POST of a workout needs, with the key and the idempotency that ours has.
CREATE TABLE api_keys (
    key_id TEXT PRIMARY KEY,
    athlete_id TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    scopes TEXT NOT NULL,
    expires_at_ms INTEGER,
    revoked_at_ms INTEGER
) WITHOUT ROWID;
CREATE TABLE idempotency_keys (
    athlete_id TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    workout_id TEXT NOT NULL,
    PRIMARY KEY (athlete_id, idempotency_key)
) WITHOUT ROWID;
CREATE TABLE workouts (
    athlete_id TEXT NOT NULL,
    workout_id TEXT NOT NULL,
    started_at TEXT NOT NULL,
    idempotency_key TEXT,
    request_hash TEXT,
    document TEXT NOT NULL,
    PRIMARY KEY (athlete_id, workout_id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX workouts_by_idempotency_key ON workouts (athlete_id, idempotency_key)
WHERE idempotency_key IS NOT NULL;
CREATE TABLE sets (
    id INTEGER PRIMARY KEY,
    workout_id TEXT NOT NULL,
    exercise TEXT NOT NULL,
    kind TEXT NOT NULL,
    weight_kg REAL,
    reps INTEGER
);
CREATE INDEX sets_by_workout ON sets (workout_id);

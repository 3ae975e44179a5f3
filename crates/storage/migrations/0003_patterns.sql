-- Patterns have a life; recommendations and weekly reports follow from them.

ALTER TABLE patterns ADD COLUMN status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'resolved'));
-- How often the athlete was told of it, and when last.
ALTER TABLE patterns ADD COLUMN announcements INTEGER NOT NULL DEFAULT 1;
ALTER TABLE patterns ADD COLUMN announced_at_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE patterns ADD COLUMN resolved_at_ms INTEGER;
UPDATE patterns SET announced_at_ms = detected_at_ms;
CREATE INDEX patterns_open ON patterns (athlete_id) WHERE status = 'open';

-- What follows from the patterns that are open: [recommendation, ...], as it is answered.
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

-- The last week that was reported on, or that there was nothing to report on.
ALTER TABLE athletes ADD COLUMN reported_week TEXT NOT NULL DEFAULT '';
-- When the sweep asks for the report again if it is not there by then.
ALTER TABLE athletes ADD COLUMN report_resend_at_ms INTEGER NOT NULL DEFAULT 0;
-- The minute of the hour in which the athlete's report is due: 0 to 59, by the last two digits of the
-- id, so that not all are due at once.
ALTER TABLE athletes ADD COLUMN report_minute INTEGER GENERATED ALWAYS AS (
    ((instr('0123456789abcdef', substr(athlete_id, -2, 1)) - 1) * 16
        + instr('0123456789abcdef', substr(athlete_id, -1)) - 1) * 60 / 256
) VIRTUAL;
CREATE INDEX athletes_by_report ON athletes (reported_week, report_minute);

-- The patterns begun in ranges of weeks, the open ones, and the newest one of each kind and subject: the first in the
-- index, from which the next kind or subject is looked up. However many an athlete had, only these are read.
WITH RECURSIVE newest (athlete_id, pattern_id, pattern, subject) AS (
    SELECT first.athlete_id, first.pattern_id, first.pattern, first.subject
    FROM json_each(:athletes) AS asked
    JOIN patterns AS first ON first.athlete_id = asked.value AND first.pattern_id = (
        SELECT pattern_id FROM patterns INDEXED BY patterns_by_subject
        WHERE athlete_id = asked.value
        ORDER BY pattern, subject, detected_at_ms DESC, pattern_id LIMIT 1
    )
    UNION ALL
    SELECT next.athlete_id, next.pattern_id, next.pattern, next.subject
    FROM newest
    JOIN patterns AS next ON next.athlete_id = newest.athlete_id AND next.pattern_id = (
        SELECT pattern_id FROM patterns INDEXED BY patterns_by_subject
        WHERE athlete_id = newest.athlete_id AND (pattern, subject) > (newest.pattern, newest.subject)
        ORDER BY pattern, subject, detected_at_ms DESC, pattern_id LIMIT 1
    )
),
known AS (
    SELECT pattern.athlete_id, pattern.pattern_id
    FROM json_each(:ranges) AS range
    JOIN patterns AS pattern INDEXED BY patterns_by_week
        ON pattern.athlete_id = range.value ->> 'athlete_id'
        AND pattern.since BETWEEN range.value ->> 'from' AND coalesce(range.value ->> 'to', '9999')
    UNION
    SELECT pattern.athlete_id, pattern.pattern_id
    FROM json_each(:athletes) AS asked
    JOIN patterns AS pattern INDEXED BY patterns_open
        ON pattern.athlete_id = asked.value AND pattern.status = 'open'
    UNION
    SELECT athlete_id, pattern_id FROM newest
)
SELECT pattern.* FROM known JOIN patterns AS pattern USING (athlete_id, pattern_id)
ORDER BY athlete_id, detected_at_ms, pattern_id

-- A change that is based on an outdated number of announcements is ignored.
INSERT INTO patterns (
    athlete_id, pattern_id, pattern, subject, since, confidence, evidence, title, recommendation, detected_at_ms,
    announcements, announced_at_ms
)
SELECT
    value ->> 'athlete_id', value ->> 'pattern_id', value ->> 'pattern', value ->> 'subject', value ->> 'since',
    value ->> 'confidence', value -> 'evidence', value ->> 'title', value ->> 'recommendation', :now_ms,
    value ->> 'announcements', iif(value ->> 'told', :now_ms, 0)
FROM json_each(:patterns) WHERE true
ON CONFLICT (athlete_id, pattern_id) DO UPDATE SET
    status = 'open', resolved_at_ms = NULL, confidence = excluded.confidence, evidence = excluded.evidence,
    title = excluded.title, recommendation = excluded.recommendation, announcements = excluded.announcements,
    announced_at_ms = max(announced_at_ms, excluded.announced_at_ms)
WHERE excluded.announcements > patterns.announcements
    OR excluded.announcements = patterns.announcements AND patterns.status = 'resolved'

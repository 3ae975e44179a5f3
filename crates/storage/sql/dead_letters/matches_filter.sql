-- True of a dead letter that matches a Filter. Its fields that are NULL match everything.
(:filter ->> 'queue' IS NULL OR queue = :filter ->> 'queue')
AND (:filter ->> 'event_type' IS NULL OR coalesce(event_type, '') = :filter ->> 'event_type')
AND (:filter ->> 'reason' IS NULL OR instr(reason, :filter ->> 'reason') > 0)
AND (:filter ->> 'reason_group' IS NULL OR reason_group = :filter ->> 'reason_group')
AND (:filter ->> 'status' IS NULL OR status = :filter ->> 'status')
AND (:filter ->> 'event_id' IS NULL OR event_id = :filter ->> 'event_id')
AND (:filter ->> 'athlete_id' IS NULL OR athlete_id = :filter ->> 'athlete_id')
AND (:filter ->> 'since_ms' IS NULL OR failed_at_ms >= :filter ->> 'since_ms')
AND (:filter ->> 'until_ms' IS NULL OR failed_at_ms < :filter ->> 'until_ms')
AND (
    :filter ->> 'q' IS NULL OR instr(reason, :filter ->> 'q') > 0 OR message_id = :filter ->> 'q'
    OR dead_letter_id = :filter ->> 'q' OR instr(body, :filter ->> 'q') > 0
)

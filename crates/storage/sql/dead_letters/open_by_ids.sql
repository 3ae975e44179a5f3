-- The same for ids; with force, in any status.
dead_letter_id IN (SELECT value FROM json_each(:filter, '$.ids')) AND (status = 'open' OR :filter ->> 'force')
AND claimed_until_ms <= :now_ms AND failed_at_ms <= :now_ms

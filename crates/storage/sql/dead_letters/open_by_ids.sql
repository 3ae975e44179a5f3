-- The same for ids; with force, in any status.
dead_letter_id IN (SELECT value FROM json_each(:filter, '$.ids'))
AND (status IN ('open', 'waiting') OR :filter ->> 'force') AND {unclaimed}

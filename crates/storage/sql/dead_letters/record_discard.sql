-- Runs before the dead letters are discarded, while they can be counted.
INSERT INTO operator_actions (at_ms, action_id, operator, action, selection, note, affected)
SELECT :now_ms, :action_id, :operator, 'discard', :filter, :note, count(*)
FROM (SELECT 1 FROM dead_letters WHERE {open} LIMIT :limit)

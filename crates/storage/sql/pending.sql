-- True of a workout that waits for aggregation. The sets of an open workout are aggregated together, once they are due
-- and the sweep has sent them.
due_at_ms IS NOT NULL AND aggregated_revision < revision
AND (status <> 'in_progress' OR resends > 0 OR due_at_ms <= :call_at_ms)

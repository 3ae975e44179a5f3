-- A DeliverySummary.
delivery_id, event_id, event_type, status, created_at_ms, attempt, due_at_ms,
coalesce(json_remove(attempts -> '$[#-1]', '$.answer'), 'null') AS last

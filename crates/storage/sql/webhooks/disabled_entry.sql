-- The CAST: D1 binds a number as a float, and json_object would write it as one.
json_object(
    'at_ms', CAST(:now_ms AS INTEGER), 'outcome', 'disabled', 'status', NULL, 'error', 'endpoint disabled',
    'duration_ms', 0, 'answer', NULL
)

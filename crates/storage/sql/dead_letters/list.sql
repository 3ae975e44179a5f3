SELECT {dead_letter_columns} FROM dead_letters
WHERE {matches_filter}
    AND (:after_ms IS NULL OR (failed_at_ms, dead_letter_id) < (:after_ms, :after_id))
ORDER BY failed_at_ms DESC, dead_letter_id DESC LIMIT :limit

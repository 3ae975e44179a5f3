SELECT action.at_ms, action.action_id, operator, action, selection, note, affected, found FROM (
    WITH page AS (
        SELECT at_ms, action_id, octet_length(selection) + coalesce(octet_length(note), 0) AS bytes
        FROM operator_actions
        WHERE :after_ms IS NULL OR (at_ms, action_id) < (:after_ms, :after_id)
        ORDER BY at_ms DESC, action_id DESC LIMIT :limit + 1
    )
    {that_fit}
) AS fit
CROSS JOIN operator_actions AS action ON action.at_ms = fit.at_ms AND action.action_id = fit.action_id
ORDER BY place

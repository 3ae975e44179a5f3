-- Notifications of an inbox: those that the condition selects, without hidden and expired ones.
SELECT
    notification.seq, notification.notification_id, kind, title, body, data, notification.created_at_ms, read_at_ms, found
FROM (
    WITH page AS (
        SELECT notification_id AS id, octet_length(title) + octet_length(body) + octet_length(data) AS bytes
        FROM notifications {index}
        WHERE athlete_id = :athlete_id AND in_app = 1 AND expires_at_ms > :now_ms AND {condition}
        ORDER BY {order} LIMIT :limit + 1
    )
    {that_fit}
) AS fit
CROSS JOIN notifications AS notification
    ON notification.athlete_id = :athlete_id AND notification.notification_id = fit.id
ORDER BY place

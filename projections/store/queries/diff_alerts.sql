-- The alerts of which something was told after $since and until $until (µs): as they stood, as they stand, and who made it so.
WITH told AS (
    SELECT m.partition, m.alert_id, list_sort(list_distinct(list(e.source))) AS sources
    FROM alert_messages m JOIN events e USING (partition, event_offset)
    WHERE m.known_at > make_timestamptz($since::BIGINT) AND m.known_at <= make_timestamptz($until::BIGINT)
    GROUP BY ALL
), was AS (
    FROM alerts_as_known_at(make_timestamptz($since::BIGINT))
), now AS (
    FROM alerts_as_known_at(make_timestamptz($until::BIGINT))
)
SELECT now.timeline, now.alert_id, now.rule, m.body->'rule'->>'title' AS title, m.body->'group' AS "group", m.body->'annotations' AS annotations,
    t.sources, CASE WHEN was.state IS NOT NULL THEN stood(was) END AS was, stood(now) AS "now"
FROM told t JOIN now USING (partition, alert_id) LEFT JOIN was USING (partition, alert_id)
JOIN alert_messages m ON (m.partition, m.message_id) = (now.partition, now.last_message)
WHERE any_of($timelines::VARCHAR[], now.timeline)
ORDER BY now.timeline, now.opened_at, now.rule, now.group_key

-- The incidents of which something was learned after $since and until $until (µs): as they were, as they are, and who told it.
WITH told AS (
    SELECT v.partition, v.number, list_sort(list_distinct(list(e.source))) AS sources
    FROM incident_versions v JOIN events e USING (partition, event_offset)
    WHERE v.known_from > make_timestamptz($since::BIGINT) AND v.known_from <= make_timestamptz($until::BIGINT)
    GROUP BY ALL
), was AS (
    FROM incidents_as_known_at(make_timestamptz($since::BIGINT))
), now AS (
    FROM incidents_as_known_at(make_timestamptz($until::BIGINT))
)
SELECT now.timeline, now.incident_id, now.site, now.class, now.stands, t.sources, CASE WHEN was.number IS NOT NULL THEN said(was) END AS was, said(now) AS "now"
FROM told t JOIN now USING (partition, number) LEFT JOIN was USING (partition, number)
WHERE any_of($timelines::VARCHAR[], now.timeline)
ORDER BY now.timeline, now.occurred_from, now.incident_id

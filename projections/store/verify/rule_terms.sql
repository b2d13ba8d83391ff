-- What rules say, for the oracle; $which of them. Durations are one number and one unit, µs here.
WITH said AS (
    SELECT DISTINCT timeline, rule, content_hash, content, content->'levels' AS levels, content->>'keep_firing' AS keep,
        CASE WHEN json_type(content, '$.window') = 'VARCHAR' AND content->>'window' <> 'all' THEN content->>'window' END AS length
    FROM rules WHERE $which
)
SELECT timeline, rule, content::VARCHAR AS content, content->>'measure' AS measure,
    [(levels->>name)::BIGINT for name in ['watch', 'warning', 'critical'] if levels->>name IS NOT NULL] AS levels,
    [name for name in ['watch', 'warning', 'critical'] if levels->>name IS NOT NULL] AS severities,
    (content->>'clear_below')::BIGINT AS clear, content->'window'->>'since' AS since,
    regexp_extract(length, '\d+')::BIGINT * MAP {'s': 1, 'm': 60, 'h': 3600, 'd': 86400, 'w': 604800}[right(length, 1)] * 1000000 AS win,
    coalesce(regexp_extract(keep, '\d+')::BIGINT * MAP {'s': 1, 'm': 60, 'h': 3600, 'd': 86400, 'w': 604800}[right(keep, 1)], 0) * 1000000 AS keep, content_hash
FROM said ORDER BY timeline, rule, content_hash

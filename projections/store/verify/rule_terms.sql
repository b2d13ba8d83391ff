-- What rules say, for the oracle; $which of them. Durations are one number and one unit, µs here.
CREATE OR REPLACE TEMP MACRO micros(length) AS
    regexp_extract(length, '\d+')::BIGINT * MAP {'s': 1, 'm': 60, 'h': 3600, 'd': 86400, 'w': 604800}[right(length, 1)] * 1000000;
WITH said AS (
    SELECT DISTINCT timeline, rule, content_hash, content, content->'levels' AS levels,
        CASE WHEN json_type(content, '$.measure') = 'VARCHAR' THEN content->>'measure' ELSE json_keys(content, '$.measure')[1] END AS measure,
        CASE WHEN json_type(content, '$.window') = 'VARCHAR' AND content->>'window' <> 'all' THEN content->>'window' END AS length
    FROM rules WHERE $which
), named AS (
    SELECT *, content->'measure'->>measure AS of, measure = 'silence' AS timed,
        [name for name in ['watch', 'warning', 'critical'] if levels->>name IS NOT NULL] AS severities FROM said
)
SELECT timeline, rule, content::VARCHAR AS content, measure, of,
    CASE WHEN timed THEN [micros(levels->>name) for name in severities] ELSE [(levels->>name)::BIGINT for name in severities] END AS levels, severities,
    CASE WHEN timed THEN micros(content->>'clear_below') ELSE (content->>'clear_below')::BIGINT END AS clear, content->'window'->>'since' AS since,
    micros(length) AS win, coalesce(micros(content->>'keep_firing'), 0) AS keep, content->>'learn_until' AS learn, content_hash
FROM named ORDER BY timeline, rule, content_hash

-- The same cells from the parts: what the standing incidents that count there add up to. Texts of quantities that are the same are read once.
WITH told AS (
    SELECT partition, timeline, class, CASE WHEN $daily THEN day END AS day, quantities, count(*) AS incidents, sum(coarse) AS coarse,
        count(*) FILTER (attribution = 'claimed') AS attribution_claimed, count(*) FILTER (attribution = 'attributed') AS attribution_attributed,
        count(*) FILTER (attribution = 'suspected') AS attribution_suspected, count(*) FILTER (attribution = 'disputed') AS attribution_disputed,
        count(*) FILTER (attribution = 'none') AS attribution_none
    FROM contributions
    WHERE counts_in($dimension, $key, country, site, actor, attribution, weapons)
      AND any_of($timelines::VARCHAR[], timeline) AND any_of($classes::VARCHAR[], class)
      AND ($since::DATE IS NULL OR occurred_from >= $since::DATE::TIMESTAMPTZ) AND ($before::DATE IS NULL OR occurred_from < $before::DATE::TIMESTAMPTZ)
    GROUP BY ALL
), parts AS (
    SELECT *, unnest(toll) FROM (SELECT *, toll(quantities) AS toll FROM told)
)
SELECT partition, timeline, class, day, sum(incidents)::BIGINT AS incidents, sum(coarse)::BIGINT AS coarse,
    sum(incidents * COLUMNS('^(wounded|killed)_'))::BIGINT AS '\0', sum(COLUMNS('^attribution_'))::BIGINT AS '\0'
FROM parts GROUP BY partition, timeline, class, day ORDER BY ALL

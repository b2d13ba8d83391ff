-- The same cells from the parts: what the standing incidents that count there add up to.
SELECT partition, timeline, class, CASE WHEN $daily THEN day END AS day,
    sum(COLUMNS('^(incidents|coarse|(wounded|killed)_.*)$'))::BIGINT,
    count(*) FILTER (attribution = 'claimed') AS attribution_claimed, count(*) FILTER (attribution = 'attributed') AS attribution_attributed,
    count(*) FILTER (attribution = 'suspected') AS attribution_suspected, count(*) FILTER (attribution = 'disputed') AS attribution_disputed,
    count(*) FILTER (attribution = 'none') AS attribution_none
FROM contributions
WHERE counts_in($dimension, $key, country, site, actor, attribution, weapons)
  AND any_of($timelines::VARCHAR[], timeline) AND any_of($classes::VARCHAR[], class)
  AND ($since::DATE IS NULL OR day >= $since::DATE) AND ($before::DATE IS NULL OR day < $before::DATE)
GROUP BY ALL ORDER BY ALL

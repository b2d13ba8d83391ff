-- The incidents that count in some cells, in the order in which they happened, and what each adds.
SELECT partition, timeline, class, as_text(occurred_from) AS occurred_from, COLUMNS('^(incidents|coarse|(wounded|killed)_.*)$'), attribution, number
FROM contributions
WHERE counts_in($dimension, $key, country, site, actor, attribution, weapons)
  AND any_of($timelines::VARCHAR[], timeline) AND any_of($classes::VARCHAR[], class)
  AND ($since::DATE IS NULL OR day >= $since::DATE) AND ($before::DATE IS NULL OR day < $before::DATE)
ORDER BY timeline, class, contributions.occurred_from, number
LIMIT $rows

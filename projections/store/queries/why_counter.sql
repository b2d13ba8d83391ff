-- The cells of the escalation counters of one key over some days, as they are stored.
SELECT partition, timeline, class, day, COLUMNS('^(incidents|coarse|(wounded|killed)_.*)$')
FROM counters
WHERE dimension = $dimension AND key = $key AND any_of($timelines::VARCHAR[], timeline) AND any_of($classes::VARCHAR[], class)
  AND ($since::DATE IS NULL OR day >= $since::DATE) AND ($before::DATE IS NULL OR day < $before::DATE)
ORDER BY timeline, class, day

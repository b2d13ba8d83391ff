-- The escalation counters, summed to periods: `period` is the first day of it (weeks begin on Monday), NULL for the total.
SELECT timeline, CASE $by WHEN 'day' THEN day WHEN 'week' THEN date_trunc('week', day)::DATE WHEN 'month' THEN date_trunc('month', day)::DATE END AS period,
    class, dimension, key, sum(incidents)::BIGINT AS incidents, sum(coarse)::BIGINT AS coarse,
    bounds(sum(wounded_low), sum(wounded_best), sum(wounded_high), sum(wounded_low_unknown), sum(wounded_best_unknown), sum(wounded_high_unknown)) AS wounded,
    bounds(sum(killed_low), sum(killed_best), sum(killed_high), sum(killed_low_unknown), sum(killed_best_unknown), sum(killed_high_unknown)) AS killed
FROM counters
WHERE dimension = $dimension AND any_of($timelines::VARCHAR[], timeline) AND any_of($classes::VARCHAR[], class) AND any_of($keys::VARCHAR[], key)
GROUP BY ALL HAVING sum(incidents) > 0
ORDER BY timeline, class, key, period

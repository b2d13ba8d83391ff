-- The tallies of one site as they are stored, with their sums by name.
SELECT partition, timeline, class, NULL AS day, * EXCLUDE (partition, timeline, site, class, first_occurred, last_occurred)
FROM site_tallies
WHERE site = $key AND any_of($timelines::VARCHAR[], timeline) AND any_of($classes::VARCHAR[], class)
ORDER BY timeline, class

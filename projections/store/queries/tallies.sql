-- Per site and class, the standing incidents.
SELECT t.partition, t.timeline, t.site, s.name AS site_name, s.site_kind, s.country, t.class, t.incidents, t.coarse,
    {'claimed': attribution_claimed, 'attributed': attribution_attributed, 'suspected': attribution_suspected,
        'disputed': attribution_disputed, 'none': attribution_none} AS attribution,
    bounds(wounded_low, wounded_best, wounded_high, wounded_low_unknown, wounded_best_unknown, wounded_high_unknown) AS wounded,
    bounds(killed_low, killed_best, killed_high, killed_low_unknown, killed_best_unknown, killed_high_unknown) AS killed,
    as_text(t.first_occurred) AS first_occurred, as_text(t.last_occurred) AS last_occurred
FROM site_tallies t LEFT JOIN sites s USING (partition, timeline, site)
WHERE t.incidents > 0 AND any_of($timelines::VARCHAR[], t.timeline) AND any_of($sites::VARCHAR[], t.site)
  AND any_of($kinds::VARCHAR[], s.site_kind) AND any_of($classes::VARCHAR[], t.class) AND any_of($countries::VARCHAR[], s.country)
ORDER BY t.timeline, t.incidents DESC, t.site, t.class

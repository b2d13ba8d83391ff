-- Each asserted total against our incidents, as believed when it was asserted and now.
SELECT partition, timeline, assertion, believed, metric, measure, class, site_kind, party, country, site, actor, since, as_of, qualifier,
    low, best, high, our_low, our_best, our_high, considered, itemised, claimed, unnamed, edge, outside, asserted_by,
    as_text(known_at) AS known_at, event_offset
FROM reconciliation
WHERE any_of($timelines::VARCHAR[], timeline) AND any_of($metrics::VARCHAR[], metric) AND any_of($assertions::VARCHAR[], assertion)
ORDER BY reconciliation.known_at, partition, event_offset, believed DESC

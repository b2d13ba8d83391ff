-- What of the tallies follows from the counters: the sums of their days, for each site.
SELECT timeline, key AS site, class, sum(incidents)::BIGINT AS incidents, sum(coarse)::BIGINT AS coarse,
    sum(COLUMNS('^(wounded|killed)_'))::BIGINT AS '\0'
FROM counters WHERE dimension = 'site' GROUP BY timeline, key, class

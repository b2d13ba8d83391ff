-- The tallies that contributions make.
SELECT timeline, site, class, sum(incidents)::BIGINT AS incidents, sum(coarse)::BIGINT AS coarse,
    sum(COLUMNS('^(wounded|killed)_'))::BIGINT AS '\0',
    count(*) FILTER (attribution = 'claimed') AS attribution_claimed, count(*) FILTER (attribution = 'attributed') AS attribution_attributed,
    count(*) FILTER (attribution = 'suspected') AS attribution_suspected, count(*) FILTER (attribution = 'disputed') AS attribution_disputed,
    count(*) FILTER (attribution = 'none') AS attribution_none, min(occurred_from) AS first_occurred, max(occurred_from) AS last_occurred
FROM $source GROUP BY timeline, site, class

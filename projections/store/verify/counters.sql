-- The counters that contributions make, in each of their dimensions.
WITH cells AS (
    SELECT *, unnest([{d: 'all', k: ''}, {d: 'country', k: country}, {d: 'site', k: site}, {d: 'attribution', k: attribution}]) AS cell FROM $source
    UNION ALL SELECT *, {d: 'actor', k: actor} FROM $source WHERE actor IS NOT NULL
    UNION ALL SELECT *, {d: 'weapon', k: unnest(weapons)} FROM $source WHERE len(weapons) > 0
)
SELECT timeline, day, class, cell.d AS dimension, cell.k AS key, sum(incidents)::BIGINT AS incidents, sum(coarse)::BIGINT AS coarse,
    sum(COLUMNS('^(wounded|killed)_'))::BIGINT AS '\0'
FROM cells GROUP BY timeline, day, class, dimension, key

-- How many count in each cell and tally. A cell in which nothing counts any more is gone, else it would tell where it was counted; a tally
-- stays, for what was known of it (known_sums.sql finds its name here).
MERGE INTO counters AS t USING (
    WITH cells AS (
        SELECT *, unnest([{'d': 'all', 'k': ''}, {'d': 'country', 'k': country}, {'d': 'site', 'k': site}, {'d': 'attribution', 'k': attribution}]) AS cell
        FROM changed WHERE sign <> 0
        UNION ALL SELECT *, {'d': 'actor', 'k': actor} FROM changed WHERE sign <> 0 AND actor IS NOT NULL
        UNION ALL SELECT *, {'d': 'weapon', 'k': unnest(list_distinct(string_split(weapons, ',')))} FROM changed WHERE sign <> 0 AND weapons <> ''
    )
    SELECT timeline, day, class, cell.d AS dimension, cell.k AS key, sum(sign)::BIGINT AS incidents, sum(coarse)::BIGINT AS coarse
    FROM cells GROUP BY ALL
) AS s ON (t.timeline, t.day, t.class, t.dimension, t.key) = (s.timeline, s.day, s.class, s.dimension, s.key)
WHEN MATCHED AND t.incidents + s.incidents = 0 THEN DELETE
WHEN MATCHED THEN UPDATE SET incidents = t.incidents + s.incidents, coarse = t.coarse + s.coarse
WHEN NOT MATCHED AND s.incidents <> 0 THEN INSERT VALUES (
    s.timeline, s.day, s.class, s.dimension, s.key, s.incidents, s.coarse, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
);

-- In a table of its own, of which DuckDB knows that it is the smaller: else it looks the other up in random order, at four times the price.
CREATE OR REPLACE TEMP TABLE tallied AS
SELECT timeline, site, class, sum(sign)::BIGINT AS incidents, sum(coarse)::BIGINT AS coarse,
    coalesce(sum(sign) FILTER (attribution = 'claimed'), 0)::BIGINT AS claimed,
    coalesce(sum(sign) FILTER (attribution = 'attributed'), 0)::BIGINT AS attributed,
    coalesce(sum(sign) FILTER (attribution = 'suspected'), 0)::BIGINT AS suspected,
    coalesce(sum(sign) FILTER (attribution = 'disputed'), 0)::BIGINT AS disputed,
    coalesce(sum(sign) FILTER (attribution = 'none'), 0)::BIGINT AS none,
    min(occurred_from) FILTER (sign = 1) AS first, max(occurred_from) FILTER (sign = 1) AS last
FROM changed GROUP BY ALL;
MERGE INTO site_tallies AS t USING tallied AS s ON (t.timeline, t.site, t.class) = (s.timeline, s.site, s.class)
WHEN MATCHED THEN UPDATE SET incidents = t.incidents + s.incidents, coarse = t.coarse + s.coarse,
    attribution_claimed = t.attribution_claimed + s.claimed, attribution_attributed = t.attribution_attributed + s.attributed,
    attribution_suspected = t.attribution_suspected + s.suspected, attribution_disputed = t.attribution_disputed + s.disputed,
    attribution_none = t.attribution_none + s.none,
    first_occurred = least(t.first_occurred, s.first), last_occurred = greatest(t.last_occurred, s.last)
WHEN NOT MATCHED THEN INSERT VALUES (
    s.timeline, s.site, s.class, s.incidents, s.coarse, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    s.claimed, s.attributed, s.suspected, s.disputed, s.none, s.first, s.last
);
DROP TABLE tallied;

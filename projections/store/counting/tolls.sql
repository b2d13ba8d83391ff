-- The toll of what changed, of the few incidents that tell of one: what is known per bound, and how many did not say.
CREATE OR REPLACE TEMP TABLE tolls AS
WITH alike AS (
    SELECT quantities,
        json_extract_string(quantities, '$.wounded.*.low')::BIGINT[] AS wounded_lows,
        json_extract_string(quantities, '$.wounded.*.best')::BIGINT[] AS wounded_bests,
        json_extract_string(quantities, '$.wounded.*.high')::BIGINT[] AS wounded_highs,
        json_extract_string(quantities, '$.killed.*.low')::BIGINT[] AS killed_lows,
        json_extract_string(quantities, '$.killed.*.best')::BIGINT[] AS killed_bests,
        json_extract_string(quantities, '$.killed.*.high')::BIGINT[] AS killed_highs
    FROM (SELECT DISTINCT quantities FROM changed WHERE quantities IS NOT NULL)
), parts AS (
    SELECT quantities,
        coalesce(list_sum(wounded_lows), 0) AS wounded_low,
        coalesce(len(wounded_lows) - list_count(wounded_lows), 0) AS wounded_low_unknown,
        coalesce(list_sum(wounded_bests), 0) AS wounded_best,
        coalesce(len(wounded_bests) - list_count(wounded_bests), 0) AS wounded_best_unknown,
        coalesce(list_sum(wounded_highs), 0) AS wounded_high,
        coalesce(len(wounded_highs) - list_count(wounded_highs), 0) AS wounded_high_unknown,
        coalesce(list_sum(killed_lows), 0) AS killed_low, coalesce(len(killed_lows) - list_count(killed_lows), 0) AS killed_low_unknown,
        coalesce(list_sum(killed_bests), 0) AS killed_best,
        coalesce(len(killed_bests) - list_count(killed_bests), 0) AS killed_best_unknown,
        coalesce(list_sum(killed_highs), 0) AS killed_high,
        coalesce(len(killed_highs) - list_count(killed_highs), 0) AS killed_high_unknown
    FROM alike
)
SELECT timeline, day, class, country, site, actor, attribution, weapons, sign * COLUMNS(p.* EXCLUDE (quantities))
FROM changed JOIN parts p USING (quantities) WHERE sign <> 0;

UPDATE counters AS t SET
    wounded_low = t.wounded_low + s.wounded_low, wounded_low_unknown = t.wounded_low_unknown + s.wounded_low_unknown,
    wounded_best = t.wounded_best + s.wounded_best, wounded_best_unknown = t.wounded_best_unknown + s.wounded_best_unknown,
    wounded_high = t.wounded_high + s.wounded_high, wounded_high_unknown = t.wounded_high_unknown + s.wounded_high_unknown,
    killed_low = t.killed_low + s.killed_low, killed_low_unknown = t.killed_low_unknown + s.killed_low_unknown,
    killed_best = t.killed_best + s.killed_best, killed_best_unknown = t.killed_best_unknown + s.killed_best_unknown,
    killed_high = t.killed_high + s.killed_high, killed_high_unknown = t.killed_high_unknown + s.killed_high_unknown
FROM (
    WITH cells AS (
        SELECT *, unnest([{'d': 'all', 'k': ''}, {'d': 'country', 'k': country}, {'d': 'site', 'k': site}, {'d': 'attribution', 'k': attribution}]) AS cell
        FROM tolls
        UNION ALL SELECT *, {'d': 'actor', 'k': actor} FROM tolls WHERE actor IS NOT NULL
        UNION ALL SELECT *, {'d': 'weapon', 'k': unnest(list_distinct(string_split(weapons, ',')))} FROM tolls WHERE weapons <> ''
    )
    SELECT timeline, day, class, cell.d AS dimension, cell.k AS key, sum(COLUMNS('^(wounded|killed)_'))::BIGINT FROM cells GROUP BY ALL
) AS s
WHERE (t.timeline, t.day, t.class, t.dimension, t.key) = (s.timeline, s.day, s.class, s.dimension, s.key);

UPDATE site_tallies AS t SET
    wounded_low = t.wounded_low + s.wounded_low, wounded_low_unknown = t.wounded_low_unknown + s.wounded_low_unknown,
    wounded_best = t.wounded_best + s.wounded_best, wounded_best_unknown = t.wounded_best_unknown + s.wounded_best_unknown,
    wounded_high = t.wounded_high + s.wounded_high, wounded_high_unknown = t.wounded_high_unknown + s.wounded_high_unknown,
    killed_low = t.killed_low + s.killed_low, killed_low_unknown = t.killed_low_unknown + s.killed_low_unknown,
    killed_best = t.killed_best + s.killed_best, killed_best_unknown = t.killed_best_unknown + s.killed_best_unknown,
    killed_high = t.killed_high + s.killed_high, killed_high_unknown = t.killed_high_unknown + s.killed_high_unknown
FROM (SELECT timeline, site, class, sum(COLUMNS('^(wounded|killed)_'))::BIGINT FROM tolls GROUP BY timeline, site, class) AS s
WHERE (t.timeline, t.site, t.class) = (s.timeline, s.site, s.class);
DROP TABLE tolls;

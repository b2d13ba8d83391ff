-- What is summed of the incidents that stood at `ts`. Read after known.sql and the macros of the views. Most incidents tell of no
-- quantities: those that do are summed apart.

CREATE MACRO site_tallies_as_known_at(ts) AS TABLE
WITH counted AS (
    SELECT timeline, site, class, count(*) AS incidents,
        count(*) FILTER (occurred_until > occurred_from + to_microseconds(86400000000)) AS coarse,
        count(*) FILTER (attribution = 'claimed') AS attribution_claimed, count(*) FILTER (attribution = 'attributed') AS attribution_attributed,
        count(*) FILTER (attribution = 'suspected') AS attribution_suspected, count(*) FILTER (attribution = 'disputed') AS attribution_disputed,
        count(*) FILTER (attribution = 'none') AS attribution_none, min(occurred_from) AS first_occurred, max(occurred_from) AS last_occurred
    FROM incident_versions WHERE known_from <= ts AND (known_until IS NULL OR known_until > ts) AND stands
    GROUP BY timeline, site, class
), told AS (
    SELECT timeline, site, class, quantities, count(*) AS many
    FROM incident_versions WHERE known_from <= ts AND (known_until IS NULL OR known_until > ts) AND stands AND quantities IS NOT NULL
    GROUP BY timeline, site, class, quantities
), alike AS (
    SELECT quantities,
        json_extract_string(quantities, '$.wounded.*.low')::BIGINT[] AS wounded_lows,
        json_extract_string(quantities, '$.wounded.*.best')::BIGINT[] AS wounded_bests,
        json_extract_string(quantities, '$.wounded.*.high')::BIGINT[] AS wounded_highs,
        json_extract_string(quantities, '$.killed.*.low')::BIGINT[] AS killed_lows,
        json_extract_string(quantities, '$.killed.*.best')::BIGINT[] AS killed_bests,
        json_extract_string(quantities, '$.killed.*.high')::BIGINT[] AS killed_highs
    FROM (SELECT DISTINCT quantities FROM told)
), parts AS (
    SELECT quantities,
        coalesce(list_sum(wounded_lows), 0) AS wounded_low, coalesce(len(wounded_lows) - list_count(wounded_lows), 0) AS wounded_low_unknown,
        coalesce(list_sum(wounded_bests), 0) AS wounded_best, coalesce(len(wounded_bests) - list_count(wounded_bests), 0) AS wounded_best_unknown,
        coalesce(list_sum(wounded_highs), 0) AS wounded_high, coalesce(len(wounded_highs) - list_count(wounded_highs), 0) AS wounded_high_unknown,
        coalesce(list_sum(killed_lows), 0) AS killed_low, coalesce(len(killed_lows) - list_count(killed_lows), 0) AS killed_low_unknown,
        coalesce(list_sum(killed_bests), 0) AS killed_best, coalesce(len(killed_bests) - list_count(killed_bests), 0) AS killed_best_unknown,
        coalesce(list_sum(killed_highs), 0) AS killed_high, coalesce(len(killed_highs) - list_count(killed_highs), 0) AS killed_high_unknown
    FROM alike
), summed AS (
    SELECT timeline, site, class, sum(many * COLUMNS(p.* EXCLUDE (quantities)))::BIGINT
    FROM told JOIN parts p USING (quantities) GROUP BY timeline, site, class
)
SELECT c.*, coalesce(COLUMNS(s.* EXCLUDE (timeline, site, class)), 0)
FROM counted c LEFT JOIN summed s USING (timeline, site, class);

CREATE MACRO counters_as_known_at(ts) AS TABLE
WITH told AS (
    SELECT *, unnest([{'dimension': 'all', 'key': ''}, {'dimension': 'country', 'key': country}, {'dimension': 'site', 'key': site},
            {'dimension': 'attribution', 'key': attribution}, {'dimension': 'actor', 'key': actor}]
        || list_transform(list_distinct(weapons), lambda it: {'dimension': 'weapon', 'key': it})) AS cell
    FROM contributions_as_known_at(ts)
)
SELECT timeline, day, class, cell.dimension AS dimension, cell.key AS key, sum(COLUMNS('^(incidents|coarse|(wounded|killed)_.*)$'))::BIGINT
FROM told WHERE cell.key IS NOT NULL GROUP BY timeline, day, class, cell.dimension, cell.key;

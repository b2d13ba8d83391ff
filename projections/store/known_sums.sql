-- What is summed of the incidents that stood at `ts`. Read after known.sql and the macros of the views.

CREATE MACRO site_tallies_as_known_at(ts) AS TABLE
SELECT timeline, site, class, sum(COLUMNS('^(incidents|coarse|(wounded|killed)_.*)$'))::BIGINT,
    count(*) FILTER (attribution = 'claimed') AS attribution_claimed, count(*) FILTER (attribution = 'attributed') AS attribution_attributed,
    count(*) FILTER (attribution = 'suspected') AS attribution_suspected, count(*) FILTER (attribution = 'disputed') AS attribution_disputed,
    count(*) FILTER (attribution = 'none') AS attribution_none, min(occurred_from) AS first_occurred, max(occurred_from) AS last_occurred
FROM contributions_as_known_at(ts) GROUP BY timeline, site, class;

CREATE MACRO counters_as_known_at(ts) AS TABLE
WITH told AS (
    SELECT *, unnest([{'dimension': 'all', 'key': ''}, {'dimension': 'country', 'key': country}, {'dimension': 'site', 'key': site},
            {'dimension': 'attribution', 'key': attribution}, {'dimension': 'actor', 'key': actor}]
        || list_transform(list_distinct(weapons), lambda it: {'dimension': 'weapon', 'key': it})) AS cell
    FROM contributions_as_known_at(ts)
)
SELECT timeline, day, class, cell.dimension AS dimension, cell.key AS key, sum(COLUMNS('^(incidents|coarse|(wounded|killed)_.*)$'))::BIGINT
FROM told WHERE cell.key IS NOT NULL GROUP BY timeline, day, class, cell.dimension, cell.key;

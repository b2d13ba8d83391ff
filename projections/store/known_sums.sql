-- What is summed of the incidents that stood at `ts`. Read after known.sql and the macros of the views. Most incidents tell of no
-- quantities: those that do are summed apart.

-- Made for a million incidents: grouped by a hash of the cell's name (every cell that ever counted has its row, so that the name is found
-- again), the least and greatest instants as numbers; quantities, which few incidents have, are summed apart.
CREATE MACRO site_tallies_as_known_at(ts) AS TABLE
WITH counted AS (
    SELECT hash(timeline, site, class) AS cell, count(*) AS incidents, count(*) FILTER (attribution = 'claimed') AS attribution_claimed,
        count(*) FILTER (attribution = 'attributed') AS attribution_attributed, count(*) FILTER (attribution = 'suspected') AS attribution_suspected,
        count(*) FILTER (attribution = 'disputed') AS attribution_disputed, count(*) FILTER (attribution = 'none') AS attribution_none,
        min(epoch_us(occurred_from)) AS first_us, max(epoch_us(occurred_from)) AS last_us,
        count(*) FILTER (epoch_us(occurred_until) - epoch_us(occurred_from) > 86400000000) AS coarse
    FROM incident_versions WHERE known_from <= ts AND (known_until IS NULL OR known_until > ts) AND stands GROUP BY cell
), told AS (
    SELECT hash(timeline, site, class) AS cell, quantities, count(*) AS many
    FROM incident_versions WHERE known_from <= ts AND (known_until IS NULL OR known_until > ts) AND stands AND quantities IS NOT NULL
    GROUP BY cell, quantities
), parts AS (
    SELECT quantities, unnest(toll) FROM (SELECT quantities, toll(quantities) AS toll FROM (SELECT DISTINCT quantities FROM told))
), summed AS (
    SELECT cell, sum(many * COLUMNS(p.* EXCLUDE (quantities)))::BIGINT
    FROM told JOIN parts p USING (quantities) GROUP BY cell
)
SELECT n.timeline, n.site, n.class, c.* EXCLUDE (cell, first_us, last_us), make_timestamptz(c.first_us) AS first_occurred,
    make_timestamptz(c.last_us) AS last_occurred, coalesce(COLUMNS(s.* EXCLUDE (cell)), 0)
FROM counted c JOIN (SELECT timeline, site, class, hash(timeline, site, class) AS cell FROM site_tallies) n USING (cell)
LEFT JOIN summed s USING (cell);

CREATE MACRO counters_as_known_at(ts) AS TABLE
WITH told AS (
    SELECT *, unnest([{'dimension': 'all', 'key': ''}, {'dimension': 'country', 'key': country}, {'dimension': 'site', 'key': site},
            {'dimension': 'attribution', 'key': attribution}, {'dimension': 'actor', 'key': actor}]
        || list_transform(list_distinct(weapons), lambda it: {'dimension': 'weapon', 'key': it})) AS cell
    FROM contributions_as_known_at(ts)
)
SELECT timeline, day, class, cell.dimension AS dimension, cell.key AS key, sum(COLUMNS('^(incidents|coarse|(wounded|killed)_.*)$'))::BIGINT
FROM told WHERE cell.key IS NOT NULL GROUP BY timeline, day, class, cell.dimension, cell.key;

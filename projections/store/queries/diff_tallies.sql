-- The tallies that are others at $until than they were at $since (µs).
WITH was AS (
    FROM site_tallies_as_known_at(make_timestamptz($since::BIGINT))
), now AS (
    FROM site_tallies_as_known_at(make_timestamptz($until::BIGINT))
), sides AS (
    SELECT coalesce(now.timeline, was.timeline) AS timeline, coalesce(now.site, was.site) AS site, coalesce(now.class, was.class) AS class,
        CASE WHEN was.incidents IS NOT NULL THEN tallied(was) END AS was, CASE WHEN now.incidents IS NOT NULL THEN tallied(now) END AS now
    FROM was FULL JOIN now ON (was.partition, was.timeline, was.site, was.class) = (now.partition, now.timeline, now.site, now.class)
)
SELECT * FROM sides WHERE was IS DISTINCT FROM now AND any_of($timelines::VARCHAR[], timeline)
ORDER BY timeline, site, class

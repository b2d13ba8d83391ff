-- The first and last of the tallies whose first or last stands there no more, from the incidents themselves; NULL where none stands.
UPDATE site_tallies AS t SET first_occurred = s.first, last_occurred = s.last
FROM (
    WITH unsure AS (
        SELECT DISTINCT timeline, site, class FROM changed c JOIN site_tallies t USING (timeline, site, class)
        WHERE c.sign = -1 AND c.occurred_from IN (t.first_occurred, t.last_occurred)
    ), found AS (
        SELECT timeline, site, class, min(occurred_from) AS first, max(occurred_from) AS last
        FROM incident_versions SEMI JOIN unsure USING (timeline, site, class) WHERE known_until IS NULL AND stands GROUP BY ALL
    )
    FROM unsure LEFT JOIN found USING (timeline, site, class)
) AS s
WHERE (t.timeline, t.site, t.class) = (s.timeline, s.site, s.class);

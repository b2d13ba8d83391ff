-- What changed since offset $since: each incident that stands now counts once (sign 1), as it stood before once less (sign -1). As it
-- stood for a while only it counts not at all (sign 0), but has its tally.
CREATE OR REPLACE TEMP TABLE changed AS
WITH later AS (
    SELECT number, min(version) - 1 AS version FROM incident_versions WHERE event_offset >= $since AND version > 1 GROUP BY number
), signed AS (
    SELECT 1 AS sign, v.* FROM incident_versions v WHERE event_offset >= $since AND known_until IS NULL AND stands
    UNION ALL
    SELECT 0 AS sign, v.* FROM incident_versions v WHERE event_offset >= $since AND known_until IS NOT NULL AND stands
    UNION ALL
    SELECT -1 AS sign, v.* FROM incident_versions v SEMI JOIN later USING (number, version) WHERE event_offset < $since AND stands
)
SELECT sign, timeline, make_timestamp(epoch_us(occurred_from))::DATE AS day, class, country, site, actor, attribution, weapons, occurred_from,
    sign * (epoch_us(occurred_until) - epoch_us(occurred_from) > 86400000000)::INTEGER AS coarse, quantities
FROM signed;

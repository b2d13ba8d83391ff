-- What rules look at of every incident in every state it stood in: from an offset on until another.
CREATE TEMP TABLE past_facets AS
WITH spans AS (
    SELECT *, coalesce(lead(event_offset) OVER (PARTITION BY number ORDER BY version), 1::BIGINT << 62) AS until_offset FROM incident_versions
)
SELECT v.timeline, v.number, v.class, v.site, r.country, r.admin1, r.site_kind, v.actor, v.attribution,
    CASE WHEN v.weapons = '' THEN [] ELSE string_split(v.weapons, ',') END AS weapons, v.outcome, v.confidence, coalesce(u.umbrellas, []) AS umbrellas,
    v.quantities->'wounded' AS wounded, v.quantities->'killed' AS killed, v.quantities->'munitions' AS munitions, v.quantities->'targets' AS targets,
    v.occurred_from, v.occurred_until, greatest(v.event_offset, u.from_offset) AS from_offset, least(v.until_offset, u.until_offset) AS until_offset
FROM spans v JOIN registered r ON r.timeline = v.timeline AND r.site = v.site AND r.from_offset <= v.event_offset AND r.until_offset > v.event_offset
LEFT JOIN umbrellas u ON u.timeline = v.timeline AND u.actor = v.actor AND u.from_offset < v.until_offset AND u.until_offset > v.event_offset
WHERE v.stands;

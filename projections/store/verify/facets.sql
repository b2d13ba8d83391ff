-- What rules look at of the standing incidents, as the events alone have them.
CREATE TEMP TABLE facets AS
SELECT d.timeline, 0::BIGINT AS number, d.class, d.site, r.country, r.admin1, r.site_kind, d.actor, d.attribution, d.weapons, d.outcome, d.confidence,
    coalesce(u.umbrellas, []) AS umbrellas, d.wounded, d.killed, d.munitions, d.targets, d.occurred_from, d.occurred_until
FROM derived d JOIN registered r ON r.timeline = d.timeline AND r.site = d.site AND r.until_offset = 1::BIGINT << 62
LEFT JOIN umbrellas u ON u.timeline = d.timeline AND u.actor = d.actor AND u.until_offset = 1::BIGINT << 62
WHERE d.stands;

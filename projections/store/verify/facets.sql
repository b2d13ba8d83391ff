-- What rules look at of the standing incidents, as the events alone have them.
CREATE TEMP TABLE facets AS
SELECT d.timeline, d.class, d.site, r.country, r.admin1, r.site_kind, d.actor, d.attribution, d.weapons, d.outcome, d.confidence,
    d.occurred_from, d.occurred_until
FROM derived d JOIN registered r ON r.timeline = d.timeline AND r.site = d.site AND r.until_offset = 1::BIGINT << 62
WHERE d.stands;

-- What analysts ask. Each view says what it is; none of them holds anything.

CREATE OR REPLACE VIEW incidents AS
SELECT v.timeline, v.incident_id, v.stands, v.class, v.occurred_from, v.occurred_until, v.precision, v.occurred_from > t.clock AS future,
    v.site, s.name AS site_name, s.site_kind, s.country, s.admin1, v.actor, v.attribution,
    CASE WHEN v.weapons = '' THEN [] ELSE string_split(v.weapons, ',') END AS weapons, v.outcome, v.confidence,
    CASE WHEN v.quantities IS NOT NULL THEN list_sum(json_extract_string(v.quantities, '$.wounded.*.low')::BIGINT[])::BIGINT END AS wounded_low,
    CASE WHEN v.quantities IS NOT NULL THEN list_sum(json_extract_string(v.quantities, '$.wounded.*.best')::BIGINT[])::BIGINT END AS wounded_best,
    CASE WHEN v.quantities IS NOT NULL THEN list_sum(json_extract_string(v.quantities, '$.wounded.*.high')::BIGINT[])::BIGINT END AS wounded_high,
    CASE WHEN v.quantities IS NOT NULL THEN list_sum(json_extract_string(v.quantities, '$.killed.*.low')::BIGINT[])::BIGINT END AS killed_low,
    CASE WHEN v.quantities IS NOT NULL THEN list_sum(json_extract_string(v.quantities, '$.killed.*.best')::BIGINT[])::BIGINT END AS killed_best,
    CASE WHEN v.quantities IS NOT NULL THEN list_sum(json_extract_string(v.quantities, '$.killed.*.high')::BIGINT[])::BIGINT END AS killed_high,
    v.quantities, v.retracted, v.merged_into, v.version, v.known_from, v.event_offset, v.number
FROM incident_versions v JOIN timelines t USING (timeline) LEFT JOIN sites s USING (timeline, site)
WHERE v.known_until IS NULL;
COMMENT ON VIEW incidents IS 'Incidents as they are believed to be now; those with stands = true count';
COMMENT ON COLUMN incidents.future IS 'Whether it is to happen later than the clock of its timeline';
COMMENT ON COLUMN incidents.site_name IS 'The name of the site, as it is registered now';
COMMENT ON COLUMN incidents.site_kind IS 'base, patrol, embassy, area … the theatre''s own words; of the site as it is registered now';
COMMENT ON COLUMN incidents.admin1 IS 'Province or governorate of the site, likewise';
COMMENT ON COLUMN incidents.weapons IS 'With what: a list of ids, empty for none named';
COMMENT ON COLUMN incidents.wounded_low IS 'Sum of low wounded, of those who say; NULL: nothing is told of any quantity';
COMMENT ON COLUMN incidents.wounded_best IS 'Sum of best wounded, likewise';
COMMENT ON COLUMN incidents.wounded_high IS 'Sum of high wounded, likewise';
COMMENT ON COLUMN incidents.killed_low IS 'Sum of low killed, likewise';
COMMENT ON COLUMN incidents.killed_best IS 'Sum of best killed, likewise';
COMMENT ON COLUMN incidents.killed_high IS 'Sum of high killed, likewise';

CREATE OR REPLACE VIEW reports AS
SELECT e.timeline, coalesce(v.merged_into, e.subject) AS stands_for, e.subject AS incident_id, split_part(e.type, '.', 3) AS kind,
    e.recorded_at, e.known_at, e.payload->'source'->>'document' AS document, e.payload->'source'->>'feed' AS feed,
    e.payload->'source'->'places' AS places, coalesce(e.payload->'source'->>'reliability', 'F') AS reliability,
    coalesce((e.payload->'source'->>'credibility')::INTEGER, 6) AS credibility, coalesce(e.payload->'report', e.payload->'changes') AS said,
    e.payload->>'note' AS note, e.event_id, e.event_offset
FROM events e LEFT JOIN incident_versions v
  ON v.timeline = e.timeline AND v.incident_id = e.subject AND v.known_until IS NULL
WHERE e.type LIKE 'tocsin.incident.%';
COMMENT ON VIEW reports IS 'Each report, correction and retraction of an incident, with its document and place';

CREATE OR REPLACE VIEW contributions AS
WITH said AS (
    SELECT v.*,
        CASE WHEN v.quantities IS NOT NULL THEN json_extract_string(v.quantities, '$.wounded.*.low')::BIGINT[] END AS wounded_lows,
        CASE WHEN v.quantities IS NOT NULL THEN json_extract_string(v.quantities, '$.wounded.*.best')::BIGINT[] END AS wounded_bests,
        CASE WHEN v.quantities IS NOT NULL THEN json_extract_string(v.quantities, '$.wounded.*.high')::BIGINT[] END AS wounded_highs,
        CASE WHEN v.quantities IS NOT NULL THEN json_extract_string(v.quantities, '$.killed.*.low')::BIGINT[] END AS killed_lows,
        CASE WHEN v.quantities IS NOT NULL THEN json_extract_string(v.quantities, '$.killed.*.best')::BIGINT[] END AS killed_bests,
        CASE WHEN v.quantities IS NOT NULL THEN json_extract_string(v.quantities, '$.killed.*.high')::BIGINT[] END AS killed_highs
    FROM incident_versions v WHERE v.known_until IS NULL AND v.stands
)
SELECT timeline, incident_id, class, make_timestamp(epoch_us(occurred_from))::DATE AS day, country, site, actor, attribution,
    CASE WHEN weapons = '' THEN [] ELSE string_split(weapons, ',') END AS weapons, 1 AS incidents,
    (epoch_us(occurred_until) - epoch_us(occurred_from) > 86400000000)::INTEGER AS coarse,
    coalesce(list_sum(wounded_lows), 0)::BIGINT AS wounded_low, coalesce(len(wounded_lows) - list_count(wounded_lows), 0) AS wounded_low_unknown,
    coalesce(list_sum(wounded_bests), 0)::BIGINT AS wounded_best, coalesce(len(wounded_bests) - list_count(wounded_bests), 0) AS wounded_best_unknown,
    coalesce(list_sum(wounded_highs), 0)::BIGINT AS wounded_high, coalesce(len(wounded_highs) - list_count(wounded_highs), 0) AS wounded_high_unknown,
    coalesce(list_sum(killed_lows), 0)::BIGINT AS killed_low, coalesce(len(killed_lows) - list_count(killed_lows), 0) AS killed_low_unknown,
    coalesce(list_sum(killed_bests), 0)::BIGINT AS killed_best, coalesce(len(killed_bests) - list_count(killed_bests), 0) AS killed_best_unknown,
    coalesce(list_sum(killed_highs), 0)::BIGINT AS killed_high, coalesce(len(killed_highs) - list_count(killed_highs), 0) AS killed_high_unknown,
    occurred_from, occurred_until, precision, version, event_offset, number, quantities
FROM said;
COMMENT ON VIEW contributions IS 'What each standing incident adds to counters and tallies: the parts of which they are the sums';

CREATE OR REPLACE VIEW episodes AS
SELECT timeline, rule, group_key, opened_at, ended_at, value, peak_at, severity, alert_id, known_from, event_offset
FROM episode_versions WHERE known_until IS NULL;
COMMENT ON VIEW episodes IS 'Unbroken spans in which a rule holds for a group: a function of rules, standing incidents and clock';

CREATE OR REPLACE VIEW asserted AS
WITH said AS (
    SELECT a.*, e.known_at,
        coalesce(a.counts, arg_max(a.counts, a.event_offset) OVER (PARTITION BY a.timeline, a.metric)) AS meant
    FROM assertions a JOIN events e USING (event_offset)
    QUALIFY row_number() OVER (PARTITION BY a.timeline, a.assertion ORDER BY a.event_offset DESC) = 1
)
SELECT timeline, assertion, metric, meant->>'measure' AS measure, meant->>'class' AS class, meant->>'site_kind' AS site_kind,
    meant->>'party' AS party, low, best, high, qualifier, country, site, actor, since, as_of, epoch_us(since) AS since_us,
    epoch_us(as_of) AS as_of_us, asserted_by, known_at, event_offset
FROM said;
COMMENT ON VIEW asserted IS 'Assertions as they were said last, with what their metric counts; measure NULL: nothing that incidents itemise';

-- Which incidents may be part of which total is found by day, for most belong to none; and what a total asks of them is known before they are
-- looked at. Now is a moment later than any clock.
CREATE OR REPLACE VIEW considered AS
WITH site_since AS (  -- through a list, so that the planner takes it for small, which it is
    SELECT unnest(list(it), recursive := true) FROM (
        SELECT timeline, subject AS site, payload->>'country' AS country, payload->>'site_kind' AS site_kind,
            coalesce((payload->>'unnamed')::BOOLEAN, false) AS unnamed, known_at AS known_from,
            coalesce(lead(known_at) OVER (PARTITION BY timeline, subject ORDER BY event_offset), 'infinity') AS known_until
        FROM events WHERE type = 'tocsin.site.registered.v1'
    ) it
), actor_since AS (
    SELECT timeline, subject AS actor, unnest((payload->'member_of')::VARCHAR[]) AS umbrella, known_at AS known_from, known_until
    FROM (SELECT *, coalesce(lead(known_at) OVER (PARTITION BY timeline, subject ORDER BY event_offset), 'infinity') AS known_until
        FROM events WHERE type = 'tocsin.actor.registered.v1')
), moments AS (
    SELECT *, 'now' AS believed, make_timestamptz(9000000000000000000) AS moment FROM asserted WHERE measure IS NOT NULL
    UNION ALL
    SELECT *, 'then' AS believed, known_at AS moment FROM asserted WHERE measure IS NOT NULL
), asked AS (
    SELECT m.timeline, m.assertion, m.believed, m.moment, m.measure, m.class, m.site_kind, m.party, m.country, m.site, m.actor, m.since_us, m.as_of_us,
        there.country AS there, (SELECT coalesce(list(w.actor), []) FROM actor_since w
            WHERE w.timeline = m.timeline AND w.umbrella = m.actor AND w.known_from <= m.moment AND w.known_until > m.moment) AS members
    FROM moments m LEFT JOIN site_since there ON there.timeline = m.timeline AND there.site = m.site
        AND there.known_from <= m.moment AND there.known_until > m.moment
), days AS (
    SELECT *, unnest(range(since_us // 86400000000, as_of_us // 86400000000 + 1)) AS day FROM asked
), touched AS (  -- the day on which an incident begins, and those into which it goes on
    SELECT *, epoch_us(occurred_from) // 86400000000 AS day, true AS begins FROM incident_versions WHERE stands
    UNION ALL
    SELECT *, unnest(range(epoch_us(occurred_from) // 86400000000 + 1, (epoch_us(occurred_until) - 1) // 86400000000 + 1)) AS day, false AS begins
    FROM incident_versions
    WHERE stands AND precision <> 'instant' AND epoch_us(occurred_until) > (epoch_us(occurred_from) // 86400000000 + 1) * 86400000000
), near AS (
    SELECT a.* EXCLUDE (day), v.incident_id, v.version, v.number, v.attribution, v.site AS at_site, v.actor AS by_actor, v.occurred_from, v.occurred_until,
        v.precision, CASE WHEN a.party IS NOT NULL THEN v.quantities->a.measure->a.party END AS quantity
    FROM touched v JOIN days a ON a.timeline = v.timeline AND a.day = v.day
    WHERE (v.begins OR v.day * 86400000000 = a.since_us) AND (a.class IS NULL OR v.class = a.class)
      AND v.known_from <= a.moment AND coalesce(v.known_until, 'infinity') > a.moment
), placed AS (
    SELECT n.*, coalesce(s.unnamed, false) AS unnamed, epoch_us(n.occurred_from) >= n.since_us AS begins_inside,
        n.precision <> 'instant' AND (epoch_us(n.occurred_from) < n.since_us + 86400000000 OR epoch_us(n.occurred_until) > n.as_of_us) AS at_edge,
        (n.country IS NULL OR s.country = n.country)
            AND (n.actor IS NULL OR coalesce(n.by_actor = n.actor OR list_contains(n.members, n.by_actor), false)) AS in_reach,
        (n.site IS NULL OR n.at_site = n.site) AND (n.site_kind IS NULL OR s.site_kind = n.site_kind) AS at_place,
        coalesce(s.unnamed, false) AND (n.site IS NULL OR s.country = n.there) AS at_place_maybe
    FROM near n LEFT JOIN site_since s ON s.timeline = n.timeline AND s.site = n.at_site AND s.known_from <= n.moment AND s.known_until > n.moment
    WHERE n.party IS NULL OR n.quantity IS NOT NULL
)
SELECT timeline, assertion, believed, incident_id, version,
    CASE WHEN NOT in_reach OR NOT (at_place OR at_place_maybe) THEN 'outside' WHEN at_edge THEN 'edge' WHEN unnamed THEN 'unnamed'
        WHEN attribution = 'claimed' THEN 'claimed' ELSE 'itemised' END AS category,
    in_reach AND at_place AND begins_inside AS counted, in_reach AND (at_place OR at_place_maybe) AS possible, measure, at_site AS site, unnamed,
    CASE WHEN quantity IS NULL THEN 1 ELSE coalesce((quantity->>'low')::BIGINT, 0) END AS low,
    CASE WHEN quantity IS NULL THEN 1 ELSE coalesce((quantity->>'best')::BIGINT, (quantity->>'low')::BIGINT, 0) END AS best,
    CASE WHEN quantity IS NULL THEN 1 ELSE (quantity->>'high')::BIGINT END AS high, number
FROM placed;
COMMENT ON VIEW considered IS 'Each incident that may be part of an asserted total, as believed when it was asserted (then) and now, in one category: itemised (nothing speaks against it), claimed (by its author only), unnamed (at a site nobody named), edge (may lie beyond the first or last day) or outside (of the scope)';

CREATE OR REPLACE VIEW reconciliation AS
WITH gathered AS (  -- of a total of sites, each site for itself
    SELECT timeline, assertion, believed, measure, CASE WHEN measure = 'sites' THEN site END AS place, any_value(c.unnamed) AS hidden, count(*) AS considered,
        count(*) FILTER (category = 'itemised') AS itemised, count(*) FILTER (category = 'claimed') AS claimed,
        count(*) FILTER (category = 'unnamed') AS unnamed, count(*) FILTER (category = 'edge') AS edge,
        count(*) FILTER (category = 'outside') AS outside, count(*) FILTER (counted) AS counted, count(*) FILTER (possible) AS possible,
        sum(low) FILTER (category = 'itemised') AS low, sum(best) FILTER (counted) AS best, sum(high) FILTER (possible) AS high,
        count(*) FILTER (possible AND high IS NULL) AS endless
    FROM considered c GROUP BY timeline, assertion, believed, measure, place
    UNION ALL
    SELECT timeline, assertion, believed, measure, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, 0
    FROM asserted CROSS JOIN (VALUES ('then'), ('now')) b(believed)
), summed AS (
    SELECT timeline, assertion, believed, sum(g.considered)::BIGINT AS considered, sum(g.itemised)::BIGINT AS itemised, sum(g.claimed)::BIGINT AS claimed,
        sum(g.unnamed)::BIGINT AS unnamed, sum(g.edge)::BIGINT AS edge, sum(g.outside)::BIGINT AS outside,
        CASE WHEN measure = 'sites' THEN count(*) FILTER (g.itemised > 0) ELSE coalesce(sum(low), 0) END::BIGINT AS our_low,
        CASE WHEN measure = 'sites' THEN greatest(count(*) FILTER (counted > 0 AND NOT hidden), least(sum(counted), 1))
            ELSE coalesce(sum(best), 0) END::BIGINT AS our_best,
        CASE WHEN measure = 'sites' THEN count(*) FILTER (possible > 0 AND NOT hidden) + coalesce(sum(possible) FILTER (hidden), 0)
            WHEN sum(endless) = 0 THEN coalesce(sum(high), 0) END::BIGINT AS our_high
    FROM gathered g GROUP BY timeline, assertion, believed, measure
)
SELECT s.timeline, s.assertion, s.believed, a.metric, a.measure, a.class, a.site_kind, a.party, a.country, a.site, a.actor, a.since, a.as_of,
    a.low, a.best, a.high, a.qualifier, CASE WHEN a.measure IS NOT NULL THEN our_low END AS our_low,
    CASE WHEN a.measure IS NOT NULL THEN our_best END AS our_best, CASE WHEN a.measure IS NOT NULL THEN our_high END AS our_high,
    CASE WHEN a.measure IS NOT NULL THEN coalesce(a.best, a.low, a.high) - our_best END AS gap,
    s.considered, s.itemised, s.claimed, s.unnamed, s.edge, s.outside, a.asserted_by, a.known_at, a.event_offset
FROM summed s JOIN asserted a ON a.timeline = s.timeline AND a.assertion = s.assertion;
COMMENT ON VIEW reconciliation IS 'Each asserted total against our incidents, as believed when it was asserted (then) and now: our best is what our counters say, low leaves out what is doubtful, high takes in all that may belong; measure NULL: the metric is outside what incidents itemise';

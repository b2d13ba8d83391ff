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
    SELECT v.*, s.country,
        CASE WHEN v.quantities IS NOT NULL THEN json_extract_string(v.quantities, '$.wounded.*.low')::BIGINT[] END AS wounded_lows,
        CASE WHEN v.quantities IS NOT NULL THEN json_extract_string(v.quantities, '$.wounded.*.best')::BIGINT[] END AS wounded_bests,
        CASE WHEN v.quantities IS NOT NULL THEN json_extract_string(v.quantities, '$.wounded.*.high')::BIGINT[] END AS wounded_highs,
        CASE WHEN v.quantities IS NOT NULL THEN json_extract_string(v.quantities, '$.killed.*.low')::BIGINT[] END AS killed_lows,
        CASE WHEN v.quantities IS NOT NULL THEN json_extract_string(v.quantities, '$.killed.*.best')::BIGINT[] END AS killed_bests,
        CASE WHEN v.quantities IS NOT NULL THEN json_extract_string(v.quantities, '$.killed.*.high')::BIGINT[] END AS killed_highs
    FROM incident_versions v LEFT JOIN sites s USING (timeline, site)
    WHERE v.known_until IS NULL AND v.stands
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

CREATE OR REPLACE VIEW considered AS
WITH standing AS (
    SELECT 'now' AS believed, a.assertion, v.*
    FROM asserted a JOIN incident_versions v ON v.timeline = a.timeline AND v.stands AND v.known_until IS NULL
    WHERE a.measure IS NOT NULL
    UNION ALL BY NAME
    SELECT 'then' AS believed, a.assertion, v.*
    FROM asserted a JOIN incident_versions v ON v.timeline = a.timeline AND v.stands AND v.known_from <= a.known_at
    WHERE a.measure IS NOT NULL AND (v.known_until IS NULL OR v.known_until > a.known_at)
), placed AS (
    SELECT v.timeline, v.believed, v.assertion, a.measure, v.incident_id, v.version, v.number, v.attribution, v.site, coalesce(s.unnamed, false) AS unnamed,
        epoch_us(v.occurred_from) >= a.since_us AS begins_inside,
        v.precision <> 'instant' AND (epoch_us(v.occurred_from) < a.since_us + 86400000000 OR epoch_us(v.occurred_until) > a.as_of_us) AS at_edge,
        (a.country IS NULL OR s.country = a.country) AND (a.actor IS NULL OR coalesce(v.actor = a.actor, false)
            OR coalesce(list_contains(string_split(who.member_of, ','), a.actor), false)) AS in_reach,
        (a.site IS NULL OR v.site = a.site) AND (a.site_kind IS NULL OR s.site_kind = a.site_kind) AS at_place,
        coalesce(s.unnamed, false) AND (a.site IS NULL OR s.country = there.country) AS at_place_maybe,
        v.quantities->a.measure->a.party AS quantity
    FROM standing v
    JOIN asserted a USING (timeline, assertion)
    LEFT JOIN sites s ON (s.timeline, s.site) = (v.timeline, v.site)
    LEFT JOIN sites there ON (there.timeline, there.site) = (a.timeline, a.site)
    LEFT JOIN actors who ON (who.timeline, who.actor) = (v.timeline, v.actor)
    WHERE (a.class IS NULL OR v.class = a.class) AND epoch_us(v.occurred_from) < a.as_of_us + 86400000000
      AND (epoch_us(v.occurred_until) > a.since_us OR epoch_us(v.occurred_from) >= a.since_us)
      AND (a.party IS NULL OR (v.quantities->a.measure->a.party) IS NOT NULL)
)
SELECT timeline, assertion, believed, incident_id, version,
    CASE WHEN NOT in_reach OR NOT (at_place OR at_place_maybe) THEN 'outside' WHEN at_edge THEN 'edge' WHEN unnamed THEN 'unnamed'
        WHEN attribution = 'claimed' THEN 'claimed' ELSE 'itemised' END AS category,
    in_reach AND at_place AND begins_inside AS counted, in_reach AND (at_place OR at_place_maybe) AS possible, measure, site, unnamed,
    CASE WHEN quantity IS NULL THEN 1 ELSE coalesce((quantity->>'low')::BIGINT, 0) END AS low,
    CASE WHEN quantity IS NULL THEN 1 ELSE coalesce((quantity->>'best')::BIGINT, (quantity->>'low')::BIGINT, 0) END AS best,
    CASE WHEN quantity IS NULL THEN 1 ELSE (quantity->>'high')::BIGINT END AS high, number
FROM placed;
COMMENT ON VIEW considered IS 'Each incident that may be part of an asserted total, as believed when it was asserted (then) and now, in one category: itemised (nothing speaks against it), claimed (by its author only), unnamed (at a site nobody named), edge (may lie beyond the first or last day) or outside (of the scope)';

CREATE OR REPLACE VIEW reconciliation AS
WITH summed AS (
    SELECT timeline, assertion, believed, count(*) AS considered,
        count(*) FILTER (category = 'itemised') AS itemised, count(*) FILTER (category = 'claimed') AS claimed,
        count(*) FILTER (category = 'unnamed') AS unnamed, count(*) FILTER (category = 'edge') AS edge,
        count(*) FILTER (category = 'outside') AS outside,
        CASE WHEN any_value(measure) = 'sites' THEN count(DISTINCT site) FILTER (category = 'itemised')
            ELSE coalesce(sum(low) FILTER (category = 'itemised'), 0) END::BIGINT AS our_low,
        CASE WHEN any_value(measure) = 'sites'
            THEN greatest(count(DISTINCT site) FILTER (counted AND NOT c.unnamed), least(count(*) FILTER (counted), 1))
            ELSE coalesce(sum(best) FILTER (counted), 0) END::BIGINT AS our_best,
        CASE WHEN any_value(measure) = 'sites' THEN count(DISTINCT site) FILTER (possible AND NOT c.unnamed) + count(*) FILTER (possible AND c.unnamed)
            WHEN count(*) FILTER (possible AND high IS NULL) = 0 THEN coalesce(sum(high) FILTER (possible), 0) END::BIGINT AS our_high
    FROM considered c GROUP BY ALL
)
SELECT a.timeline, a.assertion, b.believed, a.metric, a.measure, a.class, a.site_kind, a.party, a.country, a.site, a.actor, a.since, a.as_of,
    a.low, a.best, a.high, a.qualifier,
    CASE WHEN a.measure IS NOT NULL THEN coalesce(s.our_low, 0) END AS our_low,
    CASE WHEN a.measure IS NOT NULL THEN coalesce(s.our_best, 0) END AS our_best,
    CASE WHEN a.measure IS NOT NULL AND (s.our_high IS NOT NULL OR s.considered IS NULL) THEN coalesce(s.our_high, 0) END AS our_high,
    CASE WHEN a.measure IS NOT NULL THEN coalesce(a.best, a.low, a.high) - coalesce(s.our_best, 0) END AS gap,
    coalesce(s.considered, 0) AS considered, coalesce(s.itemised, 0) AS itemised, coalesce(s.claimed, 0) AS claimed,
    coalesce(s.unnamed, 0) AS unnamed, coalesce(s.edge, 0) AS edge, coalesce(s.outside, 0) AS outside, a.asserted_by, a.known_at, a.event_offset
FROM asserted a CROSS JOIN (VALUES ('then'), ('now')) b(believed)
LEFT JOIN summed s ON (s.timeline, s.assertion, s.believed) = (a.timeline, a.assertion, b.believed);
COMMENT ON VIEW reconciliation IS 'Each asserted total against our incidents, as believed when it was asserted (then) and now: our best is what our counters say, low leaves out what is doubtful, high takes in all that may belong; measure NULL: the metric is outside what incidents itemise';

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
    occurred_from, occurred_until, precision, version, event_offset, number
FROM said;
COMMENT ON VIEW contributions IS 'What each standing incident adds to counters and tallies: the parts of which they are the sums';

CREATE OR REPLACE VIEW episodes AS
SELECT timeline, rule, group_key, opened_at, ended_at, value, peak_at, severity, alert_id, known_from, event_offset
FROM episode_versions WHERE known_until IS NULL;
COMMENT ON VIEW episodes IS 'Unbroken spans in which a rule holds for a group: a function of rules, standing incidents and clock';

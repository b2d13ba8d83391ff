-- What the events alone say of the incidents, and where sites lie: newest wins, corrections outrank reports, merges,
-- splits and retractions. It shares nothing with the fold; where both agree, neither has a slip of its own.
CREATE TEMP TABLE registered AS  -- a site as it was registered, from an offset on until the next time
SELECT timeline, subject AS site, payload->>'site_kind' AS site_kind, payload->>'country' AS country, payload->>'admin1' AS admin1,
    event_offset AS from_offset,
    coalesce(lead(event_offset) OVER (PARTITION BY timeline, subject ORDER BY event_offset), 1::BIGINT << 62) AS until_offset
FROM events WHERE type LIKE 'tocsin.site.registered.v%';

CREATE TEMP VIEW told AS  -- what one event says of one incident: its fields in order, NULL for one not spoken of
SELECT timeline, subject AS incident_id, type LIKE '%.corrected.%' AS corrects,
    event_offset + CASE WHEN corrects THEN 1::BIGINT << 61 ELSE 0 END AS rank,
    json_extract(coalesce(payload->'changes', payload->'report'), ['$.class', '$.occurred', '$.site', '$.actor', '$.weapons',
        '$.outcome', '$.confidence', '$.wounded', '$.killed', '$.munitions', '$.targets']) AS said
FROM events WHERE type LIKE 'tocsin.incident.reported.v%' OR type LIKE 'tocsin.incident.corrected.v%';

CREATE TEMP MACRO newest(field, rank, corrects) AS  -- a report that says null says nothing, a correction takes it back
    nullif(arg_max(field, rank) FILTER (field IS NOT NULL AND (corrects OR field::VARCHAR <> 'null')), 'null'::JSON);

CREATE TEMP TABLE fates AS  -- what became of incidents beside their fields
SELECT timeline, incident_id, coalesce(bool_or(gone), false) AS retracted, nullif(arg_max(into_id, event_offset), '') AS merged_into
FROM (
    SELECT timeline, subject AS incident_id, true AS gone, NULL AS into_id, event_offset FROM events WHERE type LIKE 'tocsin.incident.retracted.v%'
    UNION ALL
    SELECT timeline, unnest((payload->'merged')::VARCHAR[]), NULL, payload->>'survivor', event_offset FROM events WHERE type LIKE 'tocsin.incidents.merged.v%'
    UNION ALL
    SELECT timeline, unnest((payload->'split')::VARCHAR[]), NULL, '', event_offset FROM events WHERE type LIKE 'tocsin.incidents.split.v%'
) GROUP BY timeline, incident_id;

CREATE TEMP TABLE derived AS
WITH fields AS (
    SELECT timeline, incident_id, newest(said[1], rank, corrects)->>'$' AS class, newest(said[2], rank, corrects) AS occurred,
        newest(said[3], rank, corrects)->>'$' AS site, newest(said[4], rank, corrects) AS who, newest(said[5], rank, corrects) AS weapons,
        newest(said[6], rank, corrects)->>'$' AS outcome, newest(said[7], rank, corrects)->>'$' AS confidence,
        newest(said[8], rank, corrects) AS wounded, newest(said[9], rank, corrects) AS killed,
        newest(said[10], rank, corrects) AS munitions, newest(said[11], rank, corrects) AS targets
    FROM told GROUP BY timeline, incident_id
)
SELECT timeline, incident_id, NOT coalesce(retracted, false) AND merged_into IS NULL AS stands, coalesce(retracted, false) AS retracted, merged_into,
    class, (occurred->>'earliest')::TIMESTAMPTZ AS occurred_from, (occurred->>'latest')::TIMESTAMPTZ AS occurred_until,
    occurred->>'precision' AS precision, site, who->>'actor' AS actor, coalesce(who->>'attribution', 'none') AS attribution,
    coalesce(weapons::VARCHAR[], []) AS weapons, outcome, confidence, wounded, killed, munitions, targets
FROM fields LEFT JOIN fates USING (timeline, incident_id);

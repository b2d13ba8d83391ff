-- What was told, in the order in which it became known; of corrections, merges, splits and retractions also what they are about.
-- Of incidents that never were at the sites and of the classes asked for, payloads are not read: what an event says stands in the version
-- that it made, unless a correction holds against it. `near` may have too many, never too few; the end of the query is exact.
WITH near AS MATERIALIZED (
    SELECT DISTINCT number, timeline, incident_id FROM incident_versions
    WHERE (any_of($sites::VARCHAR[], site) OR contains(corrected, 'site'))
      AND ($classes IS NULL OR number IN (
          SELECT number FROM incident_versions WHERE list_contains($classes::VARCHAR[], class) OR contains(corrected, 'class')))
), asked AS (
    SELECT event_offset FROM events WHERE (timeline, subject) IN (SELECT timeline, incident_id FROM near) AND type LIKE 'tocsin.incident%'
    UNION ALL SELECT event_offset FROM events WHERE type NOT LIKE 'tocsin.incident%'
), told AS (
    SELECT e.*, split_part(type, '.', 2) || '.' || split_part(type, '.', 3) AS kind,
        coalesce(payload->'report', payload->'changes', payload->'scope', payload) AS said
    FROM events e
    WHERE ($sites IS NULL AND $classes IS NULL) OR event_offset IN (FROM asked)
), believed AS (
    SELECT * FROM incidents WHERE ($sites IS NULL AND $classes IS NULL) OR number IN (SELECT number FROM near)
), about AS (
    SELECT t.*, coalesce(said->>'site', i.site) AS at_site, coalesce(said->>'class', i.class) AS of_class, i.stands, i.retracted, i.merged_into,
        coalesce((said->'occurred'->>'earliest')::TIMESTAMPTZ, (payload->'occurred'->>'earliest')::TIMESTAMPTZ,
            (payload->>'since')::TIMESTAMPTZ, i.occurred_from) AS began,
        coalesce((said->'occurred'->>'latest')::TIMESTAMPTZ, (payload->'occurred'->>'latest')::TIMESTAMPTZ,
            (payload->>'as_of')::TIMESTAMPTZ + INTERVAL 1 DAY, i.occurred_until) AS ended,
        coalesce(said->'occurred'->>'precision', payload->'occurred'->>'precision', i.precision) AS exactness
    FROM told t LEFT JOIN believed i ON (i.partition, i.timeline, i.incident_id) = (t.partition, t.timeline, t.subject) AND kind LIKE 'incident%'
)
SELECT a.partition, a.event_offset, a.timeline, as_text(a.recorded_at) AS recorded_at, as_text(a.known_at) AS known_at,
    a.payload->'source'->>'document' AS document, d.title, d.published, d.inferred, a.payload->'source'->>'feed' AS feed,
    coalesce(a.payload->'source'->'places', '[]'::JSON) AS places, a.kind, a.subject, a.stands, a.retracted, a.merged_into, a.of_class AS class,
    a.at_site AS site, s.name AS site_name, coalesce(s.country, a.said->>'country') AS country, as_text(a.began) AS occurred_from,
    as_text(a.ended) AS occurred_until, a.exactness AS precision,
    coalesce(a.said->'actor'->>'actor', CASE json_type(a.said->'actor') WHEN 'VARCHAR' THEN a.said->>'actor' END) AS actor,
    a.said->'actor'->>'attribution' AS attribution, a.said->'weapons' AS weapons, a.said->'wounded' AS wounded, a.said->'killed' AS killed,
    a.said->'munitions' AS munitions, a.said->'targets' AS targets, a.said->>'outcome' AS outcome, a.said->>'confidence' AS confidence,
    json_keys(a.payload->'changes') AS corrected,
    coalesce(a.payload->'merged', a.payload->'split', a.payload->'incidents') AS incidents,
    coalesce(a.payload->>'summary', a.payload->>'reason', a.payload->>'why', a.payload->>'title') AS summary,
    a.payload->>'statement_kind' AS statement_kind, coalesce(a.payload->>'metric', a.payload->>'what') AS metric,
    coalesce(a.payload->'total', a.payload->'strength') AS total, a.payload->>'level' AS level,
    coalesce(a.payload->>'asserted_by', a.payload->>'who') AS who, a.payload->>'note' AS note, a.event_id
FROM about a
LEFT JOIN documents d ON (d.partition, d.timeline, d.document) = (a.partition, a.timeline, a.payload->'source'->>'document')
LEFT JOIN sites s ON (s.partition, s.timeline, s.site) = (a.partition, a.timeline, a.at_site)
WHERE any_of($timelines::VARCHAR[], a.timeline) AND any_of($sites::VARCHAR[], a.at_site) AND any_of($classes::VARCHAR[], a.of_class)
  AND any_of($kinds::VARCHAR[], a.kind)
  AND ($kinds IS NOT NULL OR $everything OR NOT (a.kind LIKE '%.registered' OR a.kind IN ('clock.ticked', 'timeline.opened')))
  AND ($since::TIMESTAMPTZ IS NULL OR a.ended > $since::TIMESTAMPTZ OR a.began >= $since::TIMESTAMPTZ)
  AND ($before::TIMESTAMPTZ IS NULL OR a.began < $before::TIMESTAMPTZ)
ORDER BY a.known_at, a.timeline, a.partition, a.event_offset

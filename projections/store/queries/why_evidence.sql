-- For each of several instants that are asked about: the incidents that stood before a log position (`stood`) and made a rule's value
-- then (`peaks`), from their versions; with the version each had after a position (`upto`). `wanted` and `unwanted` are JSON: field ->
-- values. Sites are as they were registered by then. What can not be in any answer is left out first: of the rest there are few.
WITH asked AS MATERIALIZED (
    SELECT unnest(range(len($stood::BIGINT[]))) AS item, unnest($stood::BIGINT[]) AS stood, unnest($upto::BIGINT[]) AS upto, unnest($peaks::BIGINT[]) AS peak
), near AS MATERIALIZED (
    SELECT v.number, v.incident_id, v.version, v.event_offset, epoch_us(v.occurred_from) AS began, v.site
    FROM incident_versions v
    WHERE v.partition = $partition AND v.timeline = $timeline AND v.event_offset < list_max($stood::BIGINT[]) AND v.stands
      AND v.occurred_from <= make_timestamptz(list_max($peaks::BIGINT[]))
      AND ($window::BIGINT IS NULL OR v.occurred_from > make_timestamptz(list_min($peaks::BIGINT[]) - $window::BIGINT))
      AND ($window::BIGINT IS NULL OR epoch_us(v.occurred_until) - epoch_us(v.occurred_from) <= $window::BIGINT)
      AND ($since::BIGINT IS NULL OR v.occurred_from >= make_timestamptz($since::BIGINT))
      AND fits($wanted::JSON, $unwanted::JSON, 'class', v.class) AND fits($wanted::JSON, $unwanted::JSON, 'site', v.site)
      AND fits($wanted::JSON, $unwanted::JSON, 'actor', v.actor)
      AND fits($wanted::JSON, $unwanted::JSON, 'attribution', v.attribution) AND fits($wanted::JSON, $unwanted::JSON, 'outcome', v.outcome)
      AND fits($wanted::JSON, $unwanted::JSON, 'confidence', v.confidence)
      AND (json_extract($wanted::JSON, '$.weapon') IS NULL OR list_has_any(listed(v.weapons), json_extract($wanted::JSON, '$.weapon')::VARCHAR[]))
      AND (json_extract($unwanted::JSON, '$.weapon') IS NULL
        OR NOT list_has_any(listed(v.weapons), json_extract($unwanted::JSON, '$.weapon')::VARCHAR[]))
), registered AS (
    SELECT subject AS site, event_offset, payload FROM events
    WHERE partition = $partition AND timeline = $timeline AND event_offset < list_max($stood::BIGINT[]) AND type = 'tocsin.site.registered.v1'
      AND subject IN (SELECT site FROM near)
), place AS (
    SELECT a.item, r.site, arg_max(r.payload, r.event_offset) AS said
    FROM asked a JOIN registered r ON r.event_offset < a.stood
    GROUP BY a.item, r.site
), fitting AS (
    SELECT a.item, n.number, n.incident_id, n.version, n.began
    FROM asked a JOIN near n ON n.event_offset < a.stood AND n.began <= a.peak AND ($window::BIGINT IS NULL OR n.began > a.peak - $window::BIGINT)
    JOIN place p ON (p.item, p.site) = (a.item, n.site)
    WHERE fits($wanted::JSON, $unwanted::JSON, 'country', p.said->>'country') AND fits($wanted::JSON, $unwanted::JSON, 'admin1', p.said->>'admin1')
      AND fits($wanted::JSON, $unwanted::JSON, 'site_kind', p.said->>'site_kind')
), versions AS (
    SELECT number, version, event_offset FROM incident_versions
    WHERE partition = $partition AND event_offset <= list_max($upto::BIGINT[]) AND number IN (SELECT number FROM near)
), latest AS (
    SELECT a.item, v.number, max(v.version) FILTER (v.event_offset < a.stood) AS stood, max(v.version) AS told
    FROM asked a JOIN versions v ON v.event_offset <= a.upto
    GROUP BY a.item, v.number
)
SELECT f.item, f.number, f.incident_id, l.told AS version
FROM fitting f JOIN latest l ON (l.item, l.number, l.stood) = (f.item, f.number, f.version)
ORDER BY f.item, f.began, f.number

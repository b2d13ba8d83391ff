-- The incidents that stood before a log position and made a rule's value at an instant, from their versions; with the version each had
-- after the position. `wanted` and `unwanted` are JSON: field -> values. Sites are as they were registered by then: only of those that
-- are spoken of, and only once it is known which these are.
WITH fitting AS MATERIALIZED (
    SELECT v.number, v.incident_id, v.version, v.occurred_from, v.site
    FROM incident_versions v
    WHERE v.partition = $partition AND v.timeline = $timeline AND v.event_offset < $stood AND v.stands
      AND v.occurred_from <= make_timestamptz($peak::BIGINT)
      AND ($window::BIGINT IS NULL OR v.occurred_from > make_timestamptz($peak::BIGINT - $window::BIGINT))
      AND ($window::BIGINT IS NULL OR epoch_us(v.occurred_until) - epoch_us(v.occurred_from) <= $window::BIGINT)
      AND ($since::BIGINT IS NULL OR v.occurred_from >= make_timestamptz($since::BIGINT))
      AND fits($wanted::JSON, $unwanted::JSON, 'class', v.class) AND fits($wanted::JSON, $unwanted::JSON, 'site', v.site)
      AND fits($wanted::JSON, $unwanted::JSON, 'actor', v.actor)
      AND fits($wanted::JSON, $unwanted::JSON, 'attribution', v.attribution) AND fits($wanted::JSON, $unwanted::JSON, 'outcome', v.outcome)
      AND fits($wanted::JSON, $unwanted::JSON, 'confidence', v.confidence)
      AND (json_extract($wanted::JSON, '$.weapon') IS NULL OR list_has_any(listed(v.weapons), json_extract($wanted::JSON, '$.weapon')::VARCHAR[]))
      AND (json_extract($unwanted::JSON, '$.weapon') IS NULL
        OR NOT list_has_any(listed(v.weapons), json_extract($unwanted::JSON, '$.weapon')::VARCHAR[]))
), place AS (
    SELECT subject AS site, arg_max(payload, event_offset) AS said
    FROM events
    WHERE partition = $partition AND timeline = $timeline AND event_offset < $stood AND type = 'tocsin.site.registered.v1'
      AND subject IN (SELECT site FROM fitting)
    GROUP BY subject
), placed AS (
    SELECT f.* FROM fitting f JOIN place p USING (site)
    WHERE fits($wanted::JSON, $unwanted::JSON, 'country', p.said->>'country') AND fits($wanted::JSON, $unwanted::JSON, 'admin1', p.said->>'admin1')
      AND fits($wanted::JSON, $unwanted::JSON, 'site_kind', p.said->>'site_kind')
), latest AS (
    SELECT number, max(version) FILTER (event_offset < $stood) AS stood, max(version) AS told
    FROM incident_versions
    WHERE partition = $partition AND event_offset <= $offset AND number IN (SELECT number FROM placed)
    GROUP BY number
)
SELECT f.number, f.incident_id, l.told AS version
FROM placed f JOIN latest l ON (l.number, l.stood) = (f.number, f.version)
ORDER BY f.occurred_from, f.number

-- The incidents of a timeline that may matter to a group (`fields`, JSON: field -> value), standing or not, with all that rules look at:
-- as they are, or as they were before a log position (`before`, with sites and actors as they were registered by then). One that lacks a field of the
-- group is there too. Instants are microseconds.
WITH RECURSIVE newest AS (
    SELECT * FROM incident_versions
    WHERE partition = $partition AND timeline = $timeline AND CASE WHEN $before::BIGINT IS NULL THEN known_until IS NULL ELSE event_offset < $before::BIGINT END
    QUALIFY $before::BIGINT IS NULL OR row_number() OVER (PARTITION BY number ORDER BY version DESC) = 1
), placed AS (
    SELECT site, site_kind, country, admin1 FROM sites WHERE $before::BIGINT IS NULL AND partition = $partition AND timeline = $timeline
    UNION ALL
    SELECT subject, said->>'site_kind', said->>'country', said->>'admin1' FROM (
        SELECT subject, arg_max(payload, event_offset) AS said FROM events
        WHERE $before::BIGINT IS NOT NULL AND partition = $partition AND timeline = $timeline AND event_offset < $before::BIGINT
          AND type = 'tocsin.site.registered.v1'
        GROUP BY subject)
), belonging AS (
    SELECT actor, unnest(string_split(member_of, ',')) AS umbrella FROM actors WHERE $before::BIGINT IS NULL AND partition = $partition AND timeline = $timeline
    UNION ALL
    SELECT subject, unnest((said->'member_of')::VARCHAR[]) FROM (
        SELECT subject, arg_max(payload, event_offset) AS said FROM events
        WHERE $before::BIGINT IS NOT NULL AND partition = $partition AND timeline = $timeline AND event_offset < $before::BIGINT
          AND type = 'tocsin.actor.registered.v1'
        GROUP BY subject)
), above AS (  -- each actor and all above it; UNION ends where two belong to each other
    SELECT DISTINCT actor, actor AS umbrella FROM newest WHERE actor IS NOT NULL
    UNION SELECT a.actor, b.umbrella FROM above a JOIN belonging b ON b.actor = a.umbrella WHERE b.umbrella <> ''
), grouped AS (
    SELECT actor, list(umbrella ORDER BY umbrella) AS umbrellas FROM above GROUP BY actor
)
SELECT v.number, v.identity, v.timeline, v.incident_id, v.version, v.class, epoch_us(v.occurred_from) AS at, epoch_us(v.occurred_until) AS until,
    v.precision, v.site, v.actor, v.attribution, v.weapons, v.outcome, v.confidence, v.quantities::VARCHAR AS quantities, v.corrected, v.retracted,
    v.merged_into, s.site_kind, s.country, s.admin1, g.umbrellas
FROM newest v JOIN placed s USING (site) LEFT JOIN grouped g ON g.actor = v.actor
WHERE coalesce(v.class = ($fields::JSON->>'class'), true) AND coalesce(v.site = ($fields::JSON->>'site'), true)
  AND coalesce(v.actor = ($fields::JSON->>'actor'), true) AND coalesce(v.attribution = ($fields::JSON->>'attribution'), true)
  AND coalesce(v.outcome = ($fields::JSON->>'outcome'), true) AND coalesce(v.confidence = ($fields::JSON->>'confidence'), true)
  AND coalesce(s.country = ($fields::JSON->>'country'), true) AND coalesce(s.admin1 = ($fields::JSON->>'admin1'), true)
  AND coalesce(s.site_kind = ($fields::JSON->>'site_kind'), true)
  AND ($after::BIGINT IS NULL OR greatest(v.occurred_from, v.occurred_until) > make_timestamptz($after::BIGINT))
ORDER BY v.number

-- The tables of one file as they were when the clock stood at `ts`: what a fold of that much of the log would hold. Those of views
-- are made of the views' own text (knowing.py). A timeline's clock never goes back, so the log up to `ts` is one stretch of it.

-- Registers are small and rarely change: every state of them is read from the log once, when the macros are made.
CREATE TABLE sites_since AS
SELECT timeline, payload->>'site' AS site, payload->>'name' AS name, array_to_string(coalesce((payload->'aliases')::VARCHAR[], []), '|') AS aliases,
    payload->>'site_kind' AS site_kind, payload->>'country' AS country, payload->>'admin1' AS admin1, (payload->>'lat')::DOUBLE AS lat,
    (payload->>'lon')::DOUBLE AS lon, coalesce((payload->>'unnamed')::BOOLEAN, false) AS unnamed, event_offset, known_at AS known_from,
    lead(known_at) OVER (PARTITION BY timeline, subject ORDER BY event_offset) AS known_until
FROM events WHERE type = 'tocsin.site.registered.v1';

CREATE TABLE actors_since AS
SELECT timeline, payload->>'actor' AS actor, payload->>'name' AS name, array_to_string(coalesce((payload->'aliases')::VARCHAR[], []), '|') AS aliases,
    payload->>'actor_kind' AS actor_kind, array_to_string(coalesce((payload->'member_of')::VARCHAR[], []), ',') AS member_of, event_offset,
    known_at AS known_from, lead(known_at) OVER (PARTITION BY timeline, subject ORDER BY event_offset) AS known_until
FROM events WHERE type = 'tocsin.actor.registered.v1';

CREATE TABLE documents_since AS
SELECT timeline, payload->>'document' AS document, payload->>'title' AS title, (payload->>'published')::DATE AS published,
    coalesce((payload->>'inferred')::BOOLEAN, false) AS inferred, payload->>'basis' AS basis, (payload->>'earliest')::DATE AS earliest,
    (payload->>'latest')::DATE AS latest, event_offset, known_at AS known_from,
    lead(known_at) OVER (PARTITION BY timeline, subject ORDER BY event_offset) AS known_until
FROM events WHERE type = 'tocsin.document.registered.v1';

CREATE TABLE versions_since AS
SELECT timeline, version, known_at AS known_from, lead(known_at) OVER (PARTITION BY timeline ORDER BY event_offset) AS known_until
FROM (
    SELECT timeline, 1 AS version, '-infinity'::TIMESTAMPTZ AS known_at, event_offset FROM timelines
    UNION ALL
    SELECT timeline, (payload->>'projection_version')::INTEGER, known_at, event_offset FROM events WHERE type = 'tocsin.projection.adopted.v1'
);

-- Where each timeline stood. Few are quiet for a month, so most of the log is not looked at.
CREATE MACRO stretch_as_known_at(ts) AS TABLE
WITH lately AS (
    SELECT timeline, max(known_at) AS clock, max(event_offset) AS last_offset
    FROM events WHERE known_at <= ts AND known_at > ts - to_microseconds(2592000000000) GROUP BY timeline
)
FROM lately
UNION ALL
SELECT timeline, max(known_at), max(event_offset)
FROM events SEMI JOIN (SELECT timeline FROM timelines ANTI JOIN lately USING (timeline)) USING (timeline) WHERE known_at <= ts GROUP BY timeline;

CREATE MACRO events_as_known_at(ts) AS TABLE SELECT * FROM events WHERE known_at <= ts;

CREATE MACRO timelines_as_known_at(ts) AS TABLE
SELECT t.timeline, t.title, t.clock_kind, k.clock, t.event_offset, p.version AS projection_version
FROM timelines t JOIN stretch_as_known_at(ts) k USING (timeline) JOIN versions_since p USING (timeline)
WHERE p.known_from <= ts AND (p.known_until IS NULL OR p.known_until > ts);

CREATE MACRO incident_versions_as_known_at(ts) AS TABLE
SELECT * REPLACE (CASE WHEN known_until <= ts THEN known_until END AS known_until) FROM incident_versions WHERE known_from <= ts;

CREATE MACRO episode_versions_as_known_at(ts) AS TABLE
SELECT * REPLACE (CASE WHEN known_until <= ts THEN known_until END AS known_until) FROM episode_versions WHERE known_from <= ts;

CREATE MACRO sites_as_known_at(ts) AS TABLE
SELECT * EXCLUDE (known_from, known_until) FROM sites_since WHERE known_from <= ts AND (known_until IS NULL OR known_until > ts);

CREATE MACRO actors_as_known_at(ts) AS TABLE
SELECT * EXCLUDE (known_from, known_until) FROM actors_since WHERE known_from <= ts AND (known_until IS NULL OR known_until > ts);

CREATE MACRO documents_as_known_at(ts) AS TABLE
SELECT * EXCLUDE (known_from, known_until) FROM documents_since WHERE known_from <= ts AND (known_until IS NULL OR known_until > ts);

CREATE MACRO assertions_as_known_at(ts) AS TABLE
SELECT a.* FROM assertions a JOIN stretch_as_known_at(ts) k ON a.timeline = k.timeline AND a.event_offset <= k.last_offset;

CREATE MACRO statements_as_known_at(ts) AS TABLE
SELECT a.* FROM statements a JOIN stretch_as_known_at(ts) k ON a.timeline = k.timeline AND a.event_offset <= k.last_offset;

CREATE MACRO postures_as_known_at(ts) AS TABLE
SELECT a.* FROM postures a JOIN stretch_as_known_at(ts) k ON a.timeline = k.timeline AND a.event_offset <= k.last_offset;

CREATE MACRO decisions_as_known_at(ts) AS TABLE
SELECT a.* FROM decisions a JOIN stretch_as_known_at(ts) k ON a.timeline = k.timeline AND a.event_offset <= k.last_offset;

-- A rule that stays in force when others are adopted keeps its row, and may get another place: it is that of the newest adoption then.
CREATE MACRO rules_as_known_at(ts) AS TABLE
WITH adoption AS (
    SELECT timeline, json_extract_string(payload, '$.rules[*].id') AS those
    FROM events WHERE known_at <= ts AND type = 'tocsin.rules.adopted.v1'
    QUALIFY row_number() OVER (PARTITION BY timeline ORDER BY event_offset DESC) = 1
)
SELECT r.* REPLACE (CASE WHEN r.retired_at <= ts THEN r.retired_at END AS retired_at,
    CASE WHEN r.retired_at <= ts THEN r.place ELSE (list_position(a.those, r.rule) - 1)::INTEGER END AS place)
FROM rules r JOIN stretch_as_known_at(ts) k ON r.timeline = k.timeline AND r.adopted_offset <= k.last_offset
LEFT JOIN adoption a ON a.timeline = r.timeline;

CREATE MACRO alert_messages_as_known_at(ts) AS TABLE SELECT * FROM alert_messages WHERE known_at <= ts;

CREATE MACRO alerts_as_known_at(ts) AS TABLE
SELECT alert_id, timeline, rule, group_key, state, severity, (body->>'opened_at')::TIMESTAMPTZ AS opened_at, (body->>'ended_at')::TIMESTAMPTZ AS ended_at,
    (body->'value'->>coalesce(body->'value'->>'bound', 'best'))::BIGINT * CASE WHEN (body->'value'->>'unit') = 's' THEN 1000000 ELSE 1 END AS value, (body->>'late')::BOOLEAN AS late, min(known_at) OVER (PARTITION BY alert_id) AS raised_at,
    known_at AS changed_at, (body->>'seq')::INTEGER + 1 AS messages, message_id AS last_message
FROM alert_messages WHERE known_at <= ts
QUALIFY row_number() OVER (PARTITION BY alert_id ORDER BY event_offset DESC, seq DESC) = 1;

-- A record of no timeline is known from its own time on.
CREATE MACRO rejected_as_known_at(ts) AS TABLE
SELECT * FROM rejected WHERE coalesce(known_at, TRY(make_timestamptz(record_timestamp * 1000))) <= ts;

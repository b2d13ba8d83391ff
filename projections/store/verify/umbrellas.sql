-- To whom actors belonged: each with itself and all above it, from an offset on until another. A stretch ends where one that was registered
-- is registered anew; one that is new has nobody below it yet. UNION ends where two belong to each other.
CREATE TEMP TABLE umbrellas AS
WITH RECURSIVE belonging AS (
    SELECT timeline, subject AS actor, coalesce((payload->'member_of')::VARCHAR[], []) AS above, event_offset AS from_offset,
        lead(event_offset, 1, 1::BIGINT << 62) OVER same AS until_offset, row_number() OVER same AS nth
    FROM events WHERE type LIKE 'tocsin.actor.registered.v%' WINDOW same AS (PARTITION BY timeline, subject ORDER BY event_offset)
), stretches AS (
    SELECT *, lead(from_offset, 1, 1::BIGINT << 62) OVER (PARTITION BY timeline ORDER BY from_offset) AS until_offset
    FROM (SELECT DISTINCT timeline, 0 AS from_offset FROM belonging UNION SELECT timeline, from_offset FROM belonging WHERE nth > 1)
), steps AS (
    SELECT s.timeline, s.from_offset, b.actor, unnest(b.above) AS umbrella
    FROM stretches s JOIN belonging b ON b.timeline = s.timeline AND b.from_offset < s.until_offset AND b.until_offset > s.from_offset
), above AS (
    SELECT s.timeline, s.from_offset, b.actor, b.actor AS umbrella FROM stretches s JOIN belonging b USING (timeline) WHERE b.nth = 1
    UNION SELECT a.timeline, a.from_offset, a.actor, s.umbrella
    FROM above a JOIN steps s ON s.timeline = a.timeline AND s.from_offset = a.from_offset AND s.actor = a.umbrella
)
SELECT timeline, actor, list(umbrella ORDER BY umbrella) AS umbrellas, from_offset, any_value(until_offset) AS until_offset
FROM above JOIN stretches USING (timeline, from_offset) GROUP BY timeline, actor, from_offset;

-- A bound of a quantity, or the next lower one that is stated.
CREATE TEMP MACRO stated(quantity, bound) AS CASE bound WHEN 'low' THEN (quantity->>'low')::BIGINT
    WHEN 'best' THEN coalesce((quantity->>'best')::BIGINT, (quantity->>'low')::BIGINT)
    ELSE coalesce((quantity->>'high')::BIGINT, (quantity->>'best')::BIGINT, (quantity->>'low')::BIGINT) END;

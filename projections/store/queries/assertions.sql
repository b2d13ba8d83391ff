-- Totals that sources claim, as they were said last, in the order in which they became known.
WITH known AS (
    SELECT a.partition, a.timeline, a.assertion, a.event_offset, e.known_at
    FROM assertions a JOIN events e USING (partition, event_offset)
    QUALIFY row_number() OVER (PARTITION BY a.partition, a.timeline, a.assertion ORDER BY a.event_offset DESC) = 1
), told AS (
    SELECT partition, event_offset, payload->'source' AS source, payload->>'note' AS note
    FROM events WHERE event_offset IN (SELECT event_offset FROM known)
)
SELECT a.partition, a.timeline, a.assertion, a.metric, a.counts,
    {'low': a.low, 'best': a.best, 'high': a.high, 'qualifier': a.qualifier} AS total, a.country, a.site, a.actor, a.since, a.as_of,
    a.asserted_by, t.source->>'document' AS document, t.source->>'feed' AS feed, coalesce(t.source->'places', '[]'::JSON) AS places, t.note,
    as_text(k.known_at) AS known_at, a.event_offset
FROM known k JOIN assertions a USING (partition, timeline, event_offset) JOIN told t USING (partition, event_offset)
WHERE any_of($timelines::VARCHAR[], a.timeline) AND any_of($metrics::VARCHAR[], a.metric)
ORDER BY k.known_at, a.partition, a.event_offset

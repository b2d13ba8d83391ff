-- Who said what in these events, and where.
WITH told AS (
    SELECT partition, event_offset, timeline, type, recorded_at, known_at, event_id, subject, payload
    FROM events
    WHERE event_offset IN (SELECT unnest($offsets::BIGINT[]))
)
SELECT t.partition, t.event_offset, split_part(t.type, '.', 2) || '.' || split_part(t.type, '.', 3) AS kind,
    as_text(t.recorded_at) AS recorded_at, as_text(t.known_at) AS known_at, t.event_id, t.payload->'source'->>'document' AS document,
    d.title, d.published, d.inferred, t.payload->'source'->>'feed' AS feed, coalesce(t.payload->'source'->'places', '[]'::JSON) AS places,
    coalesce(t.payload->'source'->>'reliability', 'F') AS reliability, coalesce((t.payload->'source'->>'credibility')::INTEGER, 6) AS credibility,
    coalesce(t.payload->'report', t.payload->'changes') AS said, t.payload->>'survivor' AS survivor, t.payload->>'reason' AS reason,
    t.payload->>'note' AS note, t.subject, t.payload->>'who' AS who, t.payload->>'why' AS why
FROM told t LEFT JOIN documents d ON (d.partition, d.timeline, d.document) = (t.partition, t.timeline, t.payload->'source'->>'document')
ORDER BY t.partition, t.event_offset

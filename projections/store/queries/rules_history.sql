-- Every adoption of rules that applied, in the order of each timeline's log.
SELECT partition, timeline, event_offset, event_id::VARCHAR AS event_id, as_text(recorded_at) AS recorded_at, as_text(known_at) AS known_at,
    payload->>'who' AS who, payload->>'why' AS why, payload->>'content_hash' AS content_hash, payload->'rules' AS rules
FROM events
WHERE type = 'tocsin.rules.adopted.v1' AND any_of($timelines::VARCHAR[], timeline)
ORDER BY timeline, event_offset

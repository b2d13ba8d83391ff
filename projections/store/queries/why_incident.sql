-- The incidents that an id, or its beginning, can mean; the id itself first.
SELECT partition, number, timeline, incident_id
FROM incident_versions
WHERE known_until IS NULL AND starts_with(incident_id, $id) AND any_of($timelines::VARCHAR[], timeline)
ORDER BY incident_id <> $id, timeline, incident_id
LIMIT 10

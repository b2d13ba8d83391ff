-- The incidents that an id, or its beginning, can mean: those of some fingerprints, else all whose id begins so.
SELECT partition, number, timeline, incident_id
FROM incident_versions
WHERE known_until IS NULL AND any_of($identities::BIGINT[], identity) AND starts_with(incident_id, $id)
  AND any_of($timelines::VARCHAR[], timeline)
ORDER BY timeline, incident_id
LIMIT 10

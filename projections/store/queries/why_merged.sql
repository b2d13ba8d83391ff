-- The incidents that were merged into these, by name.
SELECT partition, number, timeline, incident_id, merged_into
FROM incident_versions
WHERE known_until IS NULL AND merged_into IN (SELECT unnest($names::VARCHAR[]))
ORDER BY partition, number

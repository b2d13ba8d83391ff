-- The incidents that were merged into these, by name. Their own names are not read: nearly all are different, which makes them dear.
SELECT partition, number, timeline, merged_into
FROM incident_versions
WHERE known_until IS NULL AND merged_into IN (SELECT unnest($names::VARCHAR[]))
ORDER BY partition, number

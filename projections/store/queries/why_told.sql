-- Incidents as they were after a log position.
SELECT number, incident_id, max(version) AS version
FROM incident_versions
WHERE partition = $partition AND number IN (SELECT unnest($numbers::BIGINT[])) AND event_offset <= $upto
GROUP BY number, incident_id ORDER BY number

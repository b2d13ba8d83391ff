-- The sites whose tallies the records from an offset on may have changed: where the incidents that they changed were and are, and those
-- that were registered.
SELECT DISTINCT site FROM incident_versions
WHERE number IN (SELECT number FROM incident_versions WHERE event_offset >= $start::BIGINT)
UNION
SELECT site FROM sites WHERE event_offset >= $start::BIGINT

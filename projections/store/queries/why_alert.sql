-- The alerts that an id, or its beginning, can mean.
SELECT partition, alert_id::VARCHAR AS alert_id, timeline, rule, state, severity
FROM alerts
WHERE starts_with(alert_id::VARCHAR, $id) AND any_of($timelines::VARCHAR[], timeline)
ORDER BY timeline, alert_id
LIMIT 10

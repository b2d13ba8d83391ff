-- Every message about one alert, in the order in which it was told.
SELECT event_offset, seq AS number, message_id, state, epoch_us((body->>'peak_at')::TIMESTAMPTZ) AS peak_us, body
FROM alert_messages
WHERE partition = $partition AND alert_id = $alert::UUID
ORDER BY event_offset, seq

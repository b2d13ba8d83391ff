-- Every message about an alert, in the order in which it was told; `body` is the message itself.
SELECT partition, event_offset, seq AS number, message_id, body
FROM alert_messages
WHERE any_of($timelines::VARCHAR[], timeline) AND any_of($states::VARCHAR[], state) AND any_of($severities::VARCHAR[], severity)
ORDER BY known_at, timeline, partition, event_offset, seq

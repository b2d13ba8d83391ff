-- The messages that the records from an offset on led to, in the order in which they were told; `body` is the message itself.
SELECT partition, event_offset, seq AS number, message_id, body
FROM alert_messages WHERE event_offset >= $start::BIGINT ORDER BY event_offset, seq

-- How many outgoing messages each partition has after the position that is on the wire.
WITH wire AS (SELECT unnest($partitions::INTEGER[]) AS partition, unnest($offsets::BIGINT[]) AS event_offset, unnest($seqs::INTEGER[]) AS seq)
SELECT w.partition,
    (SELECT count(*) FROM alert_messages m WHERE m.partition = w.partition AND (m.event_offset, m.seq) > (w.event_offset, w.seq))
    + (SELECT count(*) FROM rejected r WHERE r.partition = w.partition AND r.event_offset > w.event_offset) AS unsent
FROM wire w ORDER BY w.partition

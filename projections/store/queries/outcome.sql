-- What became of the records of one stretch of a partition.
SELECT
    (SELECT count(*) FROM events WHERE partition = $partition AND event_offset >= $start AND event_offset < $end) AS new,
    (SELECT count(*) FROM duplicates WHERE partition = $partition AND event_offset >= $start AND event_offset < $end) AS duplicate,
    (SELECT count(*) FROM rejected WHERE partition = $partition AND event_offset >= $start AND event_offset < $end
        AND reason = 'conflicting') AS conflicting,
    (SELECT count(*) FROM rejected WHERE partition = $partition AND event_offset >= $start AND event_offset < $end
        AND reason <> 'conflicting') AS rejected

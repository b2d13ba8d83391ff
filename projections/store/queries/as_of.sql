-- What each snapshot speaks of: a log position and the clocks of its timelines.
SELECT m.partition, m.partitions, c.next_offset,
    (SELECT coalesce(map_from_entries(list({'key': timeline, 'value': as_text(clock)} ORDER BY timeline)), MAP {})
     FROM timelines t WHERE t.partition = m.partition) AS clocks
FROM meta m JOIN checkpoint c USING (partition) ORDER BY m.partition

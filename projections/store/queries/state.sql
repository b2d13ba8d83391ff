-- How each partition was when its snapshot was made.
SELECT m.partition, c.next_offset AS checkpoint,
    (SELECT coalesce(map_from_entries(list({'key': timeline, 'value': as_text(clock)} ORDER BY timeline)), MAP {})
     FROM timelines t WHERE t.partition = m.partition) AS clocks,
    (SELECT count(*) FROM rejected r WHERE r.partition = m.partition) AS rejected,
    (SELECT count(*) FROM duplicates d WHERE d.partition = m.partition) AS duplicates,
    (SELECT count(*) FROM alerts a WHERE a.partition = m.partition AND a.state = 'open') AS open_alerts
FROM meta m JOIN checkpoint c USING (partition) ORDER BY m.partition

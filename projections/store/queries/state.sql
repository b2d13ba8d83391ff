-- How each partition was when its snapshot was made; a rejected record is mended when a later one took its place.
WITH aside AS (
    SELECT r.partition, count(*) AS rejected, count(m.event_offset) AS mended
    FROM rejected r LEFT JOIN (SELECT DISTINCT partition, event_offset FROM mendings) m USING (partition, event_offset)
    GROUP BY ALL
)
SELECT m.partition, c.next_offset AS checkpoint,
    (SELECT coalesce(map_from_entries(list({'key': timeline, 'value': as_text(clock)} ORDER BY timeline)), MAP {})
     FROM timelines t WHERE t.partition = m.partition) AS clocks,
    coalesce(a.rejected, 0) AS rejected, coalesce(a.mended, 0) AS rejected_mended, coalesce(a.rejected - a.mended, 0) AS rejected_open,
    (SELECT count(*) FROM duplicates d WHERE d.partition = m.partition) AS duplicates,
    (SELECT count(*) FROM alerts a WHERE a.partition = m.partition AND a.state = 'open') AS open_alerts
FROM meta m JOIN checkpoint c USING (partition) LEFT JOIN aside a USING (partition) ORDER BY m.partition

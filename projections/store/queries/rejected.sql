-- Records that were set aside, and what took their place first (a mended event most often has the id of its record, so it is in both ways);
-- `value` is what was there, all of it or its beginning, in hexadecimal digits.
SELECT r.partition, r.event_offset, reason, expected, found, field, as_text(known_at) AS known_at,
    as_text(make_timestamptz(record_timestamp * 1000)) AS record_timestamp, coalesce(m.status, 'open') AS status,
    CASE WHEN m.status IS NOT NULL THEN m.by_partition || ':' || m.by_offset END AS mended_by,
    hex(key) AS key, octet_length(value) AS size_bytes, CASE WHEN $whole THEN hex(value) ELSE hex(value)[1:240] END AS value,
    CASE WHEN $whole THEN headers END AS headers, CASE WHEN $whole THEN record_timestamp END AS record_ms
FROM rejected r LEFT JOIN (
    SELECT partition, event_offset, first(status ORDER BY by_offset, status) AS status, first(by_partition ORDER BY by_offset, status) AS by_partition,
        min(by_offset) AS by_offset
    FROM mendings GROUP BY ALL
) m USING (partition, event_offset)
WHERE any_of($reasons::VARCHAR[], reason) AND any_of($positions::VARCHAR[], r.partition || ':' || r.event_offset)
ORDER BY r.partition, r.event_offset

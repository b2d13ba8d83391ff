-- Records that were set aside; `value` is the beginning of what was there, in hexadecimal digits.
SELECT partition, event_offset, reason, expected, found, field, as_text(known_at) AS known_at,
    as_text(make_timestamptz(record_timestamp * 1000)) AS record_timestamp, hex(key) AS key, octet_length(value) AS size_bytes, hex(value)[1:240] AS value
FROM rejected WHERE any_of($reasons::VARCHAR[], reason) ORDER BY partition, event_offset

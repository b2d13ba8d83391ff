-- A rule as it was adopted, each time.
SELECT adopted_offset, content_hash, content FROM rules
WHERE partition = $partition AND timeline = $timeline AND rule = $rule
ORDER BY adopted_offset

-- The rules in force, in the order in which they are evaluated.
SELECT partition, timeline, rule, title, as_text(adopted_at) AS adopted_at, adopted_offset, content_hash, content
FROM rules
WHERE retired_at IS NULL AND any_of($timelines::VARCHAR[], timeline) AND any_of($rules::VARCHAR[], rule)
ORDER BY timeline, place

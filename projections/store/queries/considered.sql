-- The incidents that may be part of some asserted totals, each with its category, in the order of categories and numbers.
SELECT partition, timeline, assertion, believed, incident_id, version, category, counted
FROM considered
WHERE any_of($timelines::VARCHAR[], timeline) AND list_contains($assertions::VARCHAR[], assertion)
QUALIFY row_number() OVER (PARTITION BY partition, timeline, assertion, believed, category ORDER BY number) <= $rows
ORDER BY partition, timeline, assertion, believed DESC, category, number

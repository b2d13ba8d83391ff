-- The incidents that count in some cells, in the order in which they happened, and what each adds.
WITH first AS (
    SELECT partition, timeline, class, occurred_from, attribution, number, coarse, quantities
    FROM contributions
    WHERE counts_in($dimension, $key, country, site, actor, attribution, weapons)
      AND any_of($timelines::VARCHAR[], timeline) AND any_of($classes::VARCHAR[], class)
      AND ($since::DATE IS NULL OR occurred_from >= $since::DATE::TIMESTAMPTZ) AND ($before::DATE IS NULL OR occurred_from < $before::DATE::TIMESTAMPTZ)
    ORDER BY timeline, class, occurred_from, number
    LIMIT $rows
)
SELECT * EXCLUDE (quantities, toll) REPLACE (as_text(occurred_from) AS occurred_from), 1 AS incidents, unnest(toll)
FROM (SELECT *, toll(quantities) AS toll FROM first) f ORDER BY timeline, class, f.occurred_from, number

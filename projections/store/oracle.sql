-- The episodes of one rule, by definition: spells, their sum, gaps and islands. It shares nothing with the evaluator.
-- Asked of `standing` (grp, number, t TIMESTAMPTZ, x BIGINT): the standing incidents that the rule looks at, by group.
-- Parameters: $levels BIGINT[] (rising), $clear, $since (NULL: none), $clock TIMESTAMPTZ; $win and $keep in microseconds
-- ($win NULL: everything so far). Durations are microseconds on purpose: adding days to a TIMESTAMPTZ goes by the session's
-- time zone, and a week in which the clocks change is not 168 hours.
WITH counted AS (
    SELECT * FROM standing WHERE $since::TIMESTAMPTZ IS NULL OR t >= $since::TIMESTAMPTZ
), spells AS (  -- [starts, ends): while it lasts it adds `weight`; ends NULL: for ever. One SELECT for each measure
    SELECT grp, t AS starts, t + to_microseconds($win::BIGINT) AS ends, x AS weight FROM counted  -- count: x is 1
), points AS (  -- V at each change point that has happened; those of one instant are one
    SELECT grp, c, sum(sum(delta)) OVER (PARTITION BY grp ORDER BY c) AS v
    FROM (SELECT grp, starts AS c, weight AS delta FROM spells UNION ALL SELECT grp, ends, -weight FROM spells WHERE ends IS NOT NULL)
    WHERE c <= $clock::TIMESTAMPTZ
    GROUP BY grp, c
), marked AS (  -- hysteresis: the last decisive value holds
    SELECT *, coalesce(last_value(CASE WHEN v >= $levels[1] THEN true WHEN v < $clear THEN false END IGNORE NULLS)
                       OVER (PARTITION BY grp ORDER BY c), false) AS holds
    FROM points
), turns AS (
    SELECT * FROM marked
    QUALIFY holds IS DISTINCT FROM coalesce(lag(holds) OVER (PARTITION BY grp ORDER BY c), false)
), spans AS (
    SELECT grp, c AS opened, lead(c) OVER (PARTITION BY grp ORDER BY c) AS ended, holds FROM turns
), islands AS (  -- spans that follow one another within keep_firing are one
    SELECT *, sum(apart) OVER (PARTITION BY grp ORDER BY opened) AS island
    FROM (SELECT *, CASE WHEN opened <= lag(ended) OVER (PARTITION BY grp ORDER BY opened) + to_microseconds($keep::BIGINT)
                         THEN 0 ELSE 1 END AS apart
          FROM spans WHERE holds)
), bounds AS (
    SELECT grp, min(opened) AS opened_at, CASE WHEN bool_or(ended IS NULL) THEN NULL ELSE max(ended) END AS fell_at
    FROM islands GROUP BY grp, island
)
SELECT grp, opened_at,
       CASE WHEN fell_at + to_microseconds($keep::BIGINT) <= $clock::TIMESTAMPTZ THEN fell_at END AS ended_at,
       max(v)::BIGINT AS value, arg_max(c, (v, -epoch_us(c))) AS peak_at,
       len(list_filter($levels::BIGINT[], lambda level: max(v) >= level)) AS reached  -- how many of the levels
FROM bounds JOIN points USING (grp)
WHERE c >= opened_at AND (fell_at IS NULL OR c < fell_at)
GROUP BY grp, opened_at, fell_at
ORDER BY grp, opened_at

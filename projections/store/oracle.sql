-- The episodes of one rule, by definition: spells, their sum, gaps and islands. It shares nothing with the evaluator.
-- Asked of `standing` (grp, number, t TIMESTAMPTZ, x BIGINT, value VARCHAR): the standing incidents that the rule looks at, by group; x is
-- what one adds to a sum, else 1; one that has several of the values that are told apart is there as often.
-- Parameters: $measure, $levels BIGINT[] (rising; of silence microseconds), $clear, $preceding (windows), $since and $learn (NULL: none),
-- $clock TIMESTAMPTZ; $win and $keep in microseconds ($win NULL: everything so far). Durations are microseconds on purpose: adding days to
-- a TIMESTAMPTZ goes by the session's time zone, and a week in which the clocks change is not 168 hours.
WITH counted AS (
    SELECT *, lead(t) OVER same AS next_t, lag(t) OVER same AS prev_t
    FROM standing WHERE $since::TIMESTAMPTZ IS NULL OR t >= $since::TIMESTAMPTZ
    WINDOW same AS (PARTITION BY grp, CASE WHEN $measure = 'silence' THEN '' ELSE value END ORDER BY t, number)
), thresholds AS (  -- silence: each level adds what it has over the one below
    SELECT level, level - coalesce(lag(level) OVER (ORDER BY level), 0) AS step FROM unnest($levels::BIGINT[]) AS every(level)
), spells AS (  -- [starts, ends): while it lasts it adds `weight`; ends NULL: for ever
    SELECT grp, t AS starts, t + to_microseconds($win::BIGINT) AS ends, x AS weight FROM counted WHERE $measure IN ('count', 'sum')
    UNION ALL  -- the newest incident of a value stands for it
    SELECT grp, t, least(t + to_microseconds($win::BIGINT), next_t), 1 FROM counted WHERE $measure = 'distinct'
    UNION ALL
    SELECT grp, t, t + to_microseconds($win::BIGINT), 1 FROM counted
    WHERE $measure = 'new' AND prev_t IS NULL AND ($learn::TIMESTAMPTZ IS NULL OR t >= $learn::TIMESTAMPTZ)
    UNION ALL
    SELECT grp, t + to_microseconds(level), next_t, step FROM counted, thresholds
    WHERE $measure = 'silence' AND (next_t IS NULL OR t + to_microseconds(level) < next_t)
    UNION ALL
    SELECT grp, t, t + to_microseconds($win::BIGINT), $preceding::BIGINT FROM counted WHERE $measure = 'surge'
    UNION ALL
    SELECT grp, t + to_microseconds($win::BIGINT), t + to_microseconds($win::BIGINT * ($preceding::BIGINT + 1)), -1 FROM counted WHERE $measure = 'surge'
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
SELECT bounds.grp, opened_at,
       CASE WHEN fell_at + to_microseconds($keep::BIGINT) <= $clock::TIMESTAMPTZ THEN fell_at END AS ended_at,
       max(v)::BIGINT AS value, arg_max(c, (v, -epoch_us(c))) AS peak_at,
       len(list_filter($levels::BIGINT[], lambda level: max(v) >= level)) AS reached  -- how many of the levels
FROM points ASOF JOIN bounds ON bounds.grp = points.grp AND c >= opened_at  -- a point can lie in the last one that opened by then only
WHERE (fell_at IS NULL OR c < fell_at)
GROUP BY bounds.grp, opened_at, fell_at
ORDER BY bounds.grp, opened_at

-- The incidents behind the newest message of some alerts, found anew from the versions: which stood when it was made (before
-- its event, of an alert that is gone), in the versions that they had after its event. By measure: those of the window; of a value that
-- is told apart the newest of each, of new values the first that was ever there; of silence the last of all. And what they make together,
-- by its bounds; at least so much where one of them does not state a bound. Of surge and silence the message's own: the oracle judges them.
-- Asked of `asked` (the newest messages of some alerts, and `after`: where the window begins; NULL: it never does) and
-- `looked_at` (the versions that the rule looks at, one of several values as often). Parameters: $measure, $learn (NULL: none).
WITH standing AS (
    SELECT a.alert_id, v.number, v.value, v.x, v.amount, v.occurred_from AS t, a.event_offset,
        a.after IS NULL OR v.occurred_from > a.after AS inside
    FROM asked a JOIN looked_at v ON v.timeline = a.timeline AND v.grp = a.grp AND v.occurred_from <= a.peak_at
        AND (a.after IS NULL OR v.occurred_from > a.after OR $measure = 'new') AND v.from_offset <= a.seen_offset AND v.until_offset > a.seen_offset
), placed AS (
    SELECT *, row_number() OVER (PARTITION BY alert_id, value ORDER BY t, number) AS from_first,
        row_number() OVER (PARTITION BY alert_id, value ORDER BY t DESC, number DESC) AS from_last
    FROM standing
), behind AS (
    SELECT alert_id, number, event_offset, x, amount FROM placed
    WHERE inside AND ($measure NOT IN ('distinct', 'silence') OR from_last = 1)
        AND ($measure <> 'new' OR (from_first = 1 AND ($learn::TIMESTAMPTZ IS NULL OR t >= $learn::TIMESTAMPTZ)))
), versions AS (
    SELECT b.alert_id, max(v.version) AS version, any_value(v.incident_id) AS incident_id
    FROM (SELECT DISTINCT alert_id, number, event_offset FROM behind) b JOIN incident_versions v ON v.number = b.number AND v.event_offset <= b.event_offset
    GROUP BY b.alert_id, b.number
), bounded AS (
    SELECT alert_id, sum(CASE WHEN amount IS NULL THEN x ELSE coalesce(stated(amount, 'low'), 0) END)::BIGINT AS low,
        sum(CASE WHEN amount IS NULL THEN x ELSE coalesce(stated(amount, 'best'), 0) END)::BIGINT AS best,
        sum(CASE WHEN amount IS NULL THEN x ELSE coalesce(stated(amount, 'high'), 0) END)::BIGINT AS high,
        ['best'][:bool_or(amount IS NOT NULL AND amount->>'best' IS NULL)::INT]
            || ['high'][:bool_or(amount IS NOT NULL AND amount->>'high' IS NULL)::INT] AS fell
    FROM behind GROUP BY alert_id
), evident AS (
    SELECT a.alert_id, count(version) AS count,
        sha256('[' || coalesce(string_agg('["' || incident_id || '",' || version || ']', ',' ORDER BY incident_id, version), '') || ']') AS hash
    FROM asked a LEFT JOIN versions v USING (alert_id) GROUP BY a.alert_id
)
SELECT a.alert_id, e.count, e.hash, if(beyond, a.low, coalesce(b.low, 0)) AS low, if(beyond, a.best, coalesce(b.best, 0)) AS best,
    if(beyond, a.high, coalesce(b.high, 0)) AS high, if(beyond, a.at_least, nullif(b.fell, [])) AS at_least
FROM (SELECT *, $measure IN ('surge', 'silence') AS beyond FROM asked) a JOIN evident e USING (alert_id) LEFT JOIN bounded b USING (alert_id)

-- The incidents behind the newest message of some alerts, found anew from the versions: which stood when it was made (before
-- its event, of an alert that is gone), in the versions that they had after its event. By measure: those of the window; of a value that
-- is told apart the newest of each, of new values the first that was ever there; of silence the last of all.
-- Asked of `asked` (alert_id, event_offset, seen_offset, timeline, grp, low, peak_at) and `looked_at` (the versions that the rule looks at,
-- one of several values as often). Parameters: $measure, $learn (NULL: none).
WITH standing AS (
    SELECT a.alert_id, v.number, v.value, v.occurred_from AS t, a.event_offset, a.low IS NULL OR v.occurred_from > a.low AS inside
    FROM asked a JOIN looked_at v ON v.timeline = a.timeline AND v.grp = a.grp AND v.occurred_from <= a.peak_at
        AND (a.low IS NULL OR v.occurred_from > a.low OR $measure = 'new') AND v.from_offset <= a.seen_offset AND v.until_offset > a.seen_offset
), placed AS (
    SELECT *, row_number() OVER (PARTITION BY alert_id, value ORDER BY t, number) AS from_first,
        row_number() OVER (PARTITION BY alert_id, value ORDER BY t DESC, number DESC) AS from_last
    FROM standing
), behind AS (
    SELECT DISTINCT alert_id, number, event_offset FROM placed
    WHERE inside AND ($measure NOT IN ('distinct', 'silence') OR from_last = 1)
        AND ($measure <> 'new' OR (from_first = 1 AND ($learn::TIMESTAMPTZ IS NULL OR t >= $learn::TIMESTAMPTZ)))
), versions AS (
    SELECT b.alert_id, max(v.version) AS version, any_value(v.incident_id) AS incident_id
    FROM behind b JOIN incident_versions v ON v.number = b.number AND v.event_offset <= b.event_offset
    GROUP BY b.alert_id, b.number
)
SELECT a.alert_id, count(version) AS count,
    sha256('[' || coalesce(string_agg('["' || incident_id || '",' || version || ']', ',' ORDER BY incident_id, version), '') || ']') AS hash
FROM asked a LEFT JOIN versions v USING (alert_id) GROUP BY a.alert_id

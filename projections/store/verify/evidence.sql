-- The incidents behind the newest message of some alerts, found anew from the versions: which stood when it was made (before
-- its event, of an alert that is gone), in the versions that they had after its event.
-- Asked of `asked` (alert_id, event_offset, seen_offset, timeline, grp, low, peak_at) and `looked_at` (the versions that the rule looks at).
WITH behind AS (
    SELECT a.alert_id, v.number, a.event_offset
    FROM asked a JOIN looked_at v ON v.timeline = a.timeline AND v.grp = a.grp AND v.occurred_from <= a.peak_at
        AND (a.low IS NULL OR v.occurred_from > a.low) AND v.from_offset <= a.seen_offset AND v.until_offset > a.seen_offset
), versions AS (
    SELECT b.alert_id, max(v.version) AS version, any_value(v.incident_id) AS incident_id
    FROM behind b JOIN incident_versions v ON v.number = b.number AND v.event_offset <= b.event_offset
    GROUP BY b.alert_id, b.number
)
SELECT a.alert_id, count(version) AS count,
    sha256('[' || coalesce(string_agg('["' || incident_id || '",' || version || ']', ',' ORDER BY incident_id, version), '') || ']') AS hash
FROM asked a LEFT JOIN versions v USING (alert_id) GROUP BY a.alert_id

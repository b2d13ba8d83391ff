-- The alerts as they stand: what was told last of each, those that are open first. A value may have changed since without a word
-- (`updates` of its rule): value and peak are those of its episode now, of a sum in the bound of its rule. Not so silence: its values
-- are its levels, so that another one is another severity, which is told.
SELECT a.partition, a.alert_id, a.timeline, a.rule, m.body->'rule'->>'title' AS title, m.body->'group' AS "group", a.state, a.severity,
    m.body->>'level_now' AS level_now, as_text(a.opened_at) AS opened_at, as_text(a.ended_at) AS ended_at,
    CASE WHEN e.value IS NULL OR e.value = a.value THEN m.body->'value' ELSE json_merge_patch(m.body->'value', to_json(
        {'low': e.value, 'best': e.value, 'high': e.value, 'at_least': NULL})) END AS value,
    m.body->'value' AS told_value, m.body->'threshold' AS threshold, m.body->'window' AS "window",
    coalesce(as_text(e.peak_at), m.body->>'peak_at') AS peak_at, a.late, m.body->'merged_into' AS merged_into,
    as_text(a.raised_at) AS raised_at, as_text(a.changed_at) AS changed_at, a.messages, m.body->'evidence' AS evidence,
    m.body->'cause' AS cause, m.body->'annotations' AS annotations
FROM alerts a JOIN alert_messages m ON (m.partition, m.message_id) = (a.partition, a.last_message)
LEFT JOIN episodes e ON (e.partition, e.alert_id) = (a.partition, a.alert_id)
WHERE any_of($timelines::VARCHAR[], a.timeline) AND any_of($states::VARCHAR[], a.state) AND any_of($severities::VARCHAR[], a.severity)
ORDER BY a.state <> 'open', a.opened_at, a.timeline, a.rule, a.group_key, a.alert_id

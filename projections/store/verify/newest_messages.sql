-- The newest message of each alert, and the rule under which its evidence stood: of an alert that is gone, the one before its event.
CREATE TEMP TABLE newest_messages AS
WITH newest AS (
    SELECT m.alert_id, m.timeline, m.group_key AS grp, m.event_offset, m.rule, m.state IN ('cancelled', 'merged') AS gone,
        (m.body->>'peak_at')::TIMESTAMPTZ AS peak_at, (m.body->'evidence'->>'count')::BIGINT AS count, m.body->'evidence'->>'hash' AS hash,
        (m.body->'value'->>'low')::BIGINT AS low, (m.body->'value'->>'best')::BIGINT AS best, (m.body->'value'->>'high')::BIGINT AS high,
        (m.body->'value'->'at_least')::VARCHAR[] AS at_least,
        m.body->'rule'->>'content_hash' AS content_hash
    FROM alerts a JOIN alert_messages m ON m.message_id = a.last_message
)
SELECT * EXCLUDE (content_hash), event_offset - gone::BIGINT AS seen_offset, CASE WHEN gone THEN (
        SELECT arg_max(r.content_hash, r.adopted_offset) FROM rules r
        WHERE r.timeline = n.timeline AND r.rule = n.rule AND r.adopted_offset < n.event_offset
    ) ELSE content_hash END AS content_hash
FROM newest n;

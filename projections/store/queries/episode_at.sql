-- The episode of a group that lasts at an instant, if there is one, and the alert that stands for it.
SELECT as_text(opened_at) AS opened_at, as_text(ended_at) AS ended_at, value, as_text(peak_at) AS peak_at, severity, alert_id::VARCHAR AS alert_id
FROM episodes
WHERE partition = $partition AND timeline = $timeline AND rule = $rule AND group_key = $group
  AND episodes.opened_at <= make_timestamptz($at::BIGINT) AND (episodes.ended_at IS NULL OR episodes.ended_at > make_timestamptz($at::BIGINT))

-- The groups for which a rule ever held, those with the newest episode first.
SELECT group_key::JSON AS "group", as_text(max(opened_at)) AS opened_at
FROM episodes
WHERE partition = $partition AND timeline = $timeline AND rule = $rule
GROUP BY group_key ORDER BY max(episodes.opened_at) DESC, group_key

-- Incidents of one timeline whose id begins with a stem, or that stand at a site and may have happened at the same time.
SELECT partition, incident_id, class, as_text(occurred_from) AS occurred_from, as_text(occurred_until) AS occurred_until, precision
FROM incidents
WHERE timeline = $timeline AND (starts_with(incident_id, $stem)
    OR (stands AND site = $site AND occurred_from <= $until::VARCHAR::TIMESTAMPTZ AND occurred_until >= $since::VARCHAR::TIMESTAMPTZ))
ORDER BY occurred_from, incident_id

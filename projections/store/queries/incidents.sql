-- Incidents as they are believed to be, in the order in which they happened.
SELECT partition, timeline, incident_id, stands, retracted, merged_into, class, as_text(occurred_from) AS occurred_from,
    as_text(occurred_until) AS occurred_until, precision, future, site, site_name, site_kind, country, actor, attribution, weapons, outcome,
    confidence, quantities, version, as_text(known_from) AS known_from, event_offset
FROM incidents
WHERE any_of($timelines::VARCHAR[], timeline) AND any_of($sites::VARCHAR[], site) AND any_of($classes::VARCHAR[], class)
  AND any_of($countries::VARCHAR[], country) AND any_of($actors::VARCHAR[], actor) AND ($everything OR stands)
  AND ($since::TIMESTAMPTZ IS NULL OR incidents.occurred_until > $since::TIMESTAMPTZ OR incidents.occurred_from >= $since::TIMESTAMPTZ)
  AND ($before::TIMESTAMPTZ IS NULL OR incidents.occurred_from < $before::TIMESTAMPTZ)
ORDER BY incidents.occurred_from, timeline, incident_id

-- Every version of these incidents, with what it says.
SELECT partition, number, timeline, incident_id, version, change, event_offset, as_text(known_from) AS known_from, as_text(known_until) AS known_until,
    stands, retracted, merged_into, class, as_text(occurred_from) AS occurred_from, as_text(occurred_until) AS occurred_until, precision, site,
    actor, attribution, listed(weapons) AS weapons, outcome, confidence, quantities, listed(corrected) AS corrected
FROM incident_versions
WHERE number IN (SELECT unnest($numbers::BIGINT[]))
ORDER BY partition, number, version

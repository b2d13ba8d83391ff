-- Every version of these incidents, and of those that were merged into them, with what the last one believes; `counts_for` is the
-- incident that stands for a merged one.
WITH RECURSIVE family AS (
    SELECT v.partition, v.timeline, v.incident_id, v.number
    FROM incident_versions v
    WHERE v.known_until IS NULL AND (v.partition, v.number) IN (SELECT (unnest($partitions::INTEGER[]), unnest($numbers::BIGINT[])))
    UNION
    SELECT v.partition, v.timeline, v.incident_id, v.number
    FROM family f JOIN incident_versions v ON (v.partition, v.timeline, v.merged_into) = (f.partition, f.timeline, f.incident_id)
    WHERE v.known_until IS NULL AND v.merged_into IS NOT NULL
)
SELECT v.partition, v.number, v.timeline, v.incident_id, v.version, v.change, v.event_offset, as_text(v.known_from) AS known_from,
    as_text(v.known_until) AS known_until, v.stands, v.retracted, v.merged_into, v.class, as_text(v.occurred_from) AS occurred_from,
    as_text(v.occurred_until) AS occurred_until, v.precision, v.site, v.actor, v.attribution, listed(v.weapons) AS weapons, v.outcome,
    v.confidence, v.quantities, listed(v.corrected) AS corrected
FROM family f JOIN incident_versions v USING (partition, number)
ORDER BY v.partition, v.number, v.version

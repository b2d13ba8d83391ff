-- The applied events that took the place of rejected records: caused by one, or the same event come again later.
CREATE VIEW mendings AS
SELECT r.partition, r.event_offset, 'mended' AS status, e.partition AS by_partition, e.event_offset AS by_offset
FROM rejected r JOIN events e ON e.causation_id = position_id(r.partition, r.event_offset)
UNION ALL
SELECT r.partition, r.event_offset, 'resent', e.partition, e.event_offset
FROM rejected r JOIN events e ON e.event_id = id_said(r.headers)
WHERE r.reason <> 'conflicting' AND (e.partition <> r.partition OR e.event_offset > r.event_offset);

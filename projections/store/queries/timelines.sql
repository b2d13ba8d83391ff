-- The timelines: who ticks their clock, where it stands, and where rules were adopted last.
SELECT partition, timeline, title, clock_kind, as_text(clock) AS clock,
    (SELECT max(event_offset) FROM events e
     WHERE (e.partition, e.timeline) = (t.partition, t.timeline) AND e.type = 'tocsin.rules.adopted.v1') AS adopted_offset, projection_version
FROM timelines t ORDER BY timeline

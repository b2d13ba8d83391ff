-- The events of $source as far as they were known at $moment (µs): of each timeline those before the first that was recorded later.
CREATE TEMP VIEW events AS
SELECT e.* FROM $source e LEFT JOIN (
    SELECT timeline, min(event_offset) AS ends FROM $source WHERE epoch_us(recorded_at) > $moment GROUP BY timeline
) later USING (timeline)
WHERE ends IS NULL OR event_offset < ends;

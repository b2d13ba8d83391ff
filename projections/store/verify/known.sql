-- What readers get of incidents and tallies as known at $moment (µs): incidents in the form of `derived`, tallies in that of tallies.sql.
CREATE TEMP TABLE known_incidents AS
SELECT timeline, incident_id, stands, retracted, merged_into, class, occurred_from, occurred_until, precision, site, actor, attribution, weapons,
    outcome, confidence, quantities->'wounded' AS wounded, quantities->'killed' AS killed, quantities->'munitions' AS munitions,
    quantities->'targets' AS targets
FROM incidents_as_known_at(make_timestamptz($moment));
CREATE TEMP TABLE known_tallies AS
SELECT timeline, site, class, incidents, coarse, COLUMNS('^(wounded|killed)_'), COLUMNS('^attribution_'), first_occurred, last_occurred
FROM site_tallies_as_known_at(make_timestamptz($moment));

-- The incidents as the tables have them now, in the form of `derived`.
CREATE TEMP TABLE stored AS
SELECT timeline, incident_id, stands, retracted, merged_into, class, occurred_from, occurred_until, precision, site, actor, attribution,
    CASE WHEN weapons = '' THEN [] ELSE string_split(weapons, ',') END AS weapons, outcome, confidence,
    quantities->'wounded' AS wounded, quantities->'killed' AS killed, quantities->'munitions' AS munitions, quantities->'targets' AS targets
FROM incident_versions WHERE known_until IS NULL;

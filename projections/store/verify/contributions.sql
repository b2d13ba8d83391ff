-- What each standing incident of $source adds to counters and tallies: itself, and its toll by bound with how many did not say.
CREATE OR REPLACE TEMP MACRO bound_sum(toll, path) AS coalesce(list_sum(json_extract(toll, path)::BIGINT[])::BIGINT, 0);
CREATE OR REPLACE TEMP MACRO bound_unknown(toll, path) AS
    coalesce(len(json_keys(toll)) - len(list_filter(json_extract(toll, path)::BIGINT[], lambda x: x IS NOT NULL)), 0);
CREATE TEMP TABLE $made AS
SELECT d.timeline, d.incident_id, d.class, d.site, r.country, d.actor, d.attribution, list_distinct(d.weapons) AS weapons, d.occurred_from,
    d.occurred_from::DATE AS day, 1 AS incidents, CASE WHEN d.occurred_until - d.occurred_from > INTERVAL 24 HOURS THEN 1 ELSE 0 END AS coarse,
    bound_sum(wounded, '$.*.low') AS wounded_low, bound_unknown(wounded, '$.*.low') AS wounded_low_unknown,
    bound_sum(wounded, '$.*.best') AS wounded_best, bound_unknown(wounded, '$.*.best') AS wounded_best_unknown,
    bound_sum(wounded, '$.*.high') AS wounded_high, bound_unknown(wounded, '$.*.high') AS wounded_high_unknown,
    bound_sum(killed, '$.*.low') AS killed_low, bound_unknown(killed, '$.*.low') AS killed_low_unknown,
    bound_sum(killed, '$.*.best') AS killed_best, bound_unknown(killed, '$.*.best') AS killed_best_unknown,
    bound_sum(killed, '$.*.high') AS killed_high, bound_unknown(killed, '$.*.high') AS killed_high_unknown
FROM $source d JOIN registered r ON r.timeline = d.timeline AND r.site = d.site AND r.until_offset = 1::BIGINT << 62
WHERE d.stands;

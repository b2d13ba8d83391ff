-- Incidents of $source in a form that can be compared: quantities by party, whatever way they were written.
SELECT timeline, incident_id, stands, retracted, merged_into, class, occurred_from, occurred_until, precision, site, actor, attribution,
    array_to_string(weapons, ',') AS weapons, outcome, confidence,
    list_sort(list_transform(map_entries(wounded::MAP(VARCHAR, JSON)), lambda e: e.key || ' ' || bounds(e.value))) AS wounded,
    list_sort(list_transform(map_entries(killed::MAP(VARCHAR, JSON)), lambda e: e.key || ' ' || bounds(e.value))) AS killed,
    bounds(munitions) AS munitions, bounds(targets) AS targets
FROM $source

-- What queries share. Instants become text without ICU: UTC, `Z`, no fraction when there is none.
CREATE MACRO as_text(t) AS CASE WHEN epoch_us(t) % 1000000 = 0
    THEN strftime(make_timestamp(epoch_us(t)), '%Y-%m-%dT%H:%M:%SZ') ELSE strftime(make_timestamp(epoch_us(t)), '%Y-%m-%dT%H:%M:%S.%fZ') END;
-- NULL asks for everything, as a list of values does for any of them.
CREATE MACRO any_of(wanted, value) AS wanted IS NULL OR list_contains(wanted, value);
CREATE MACRO listed(ids) AS CASE WHEN ids = '' THEN []::VARCHAR[] ELSE string_split(ids, ',') END;
-- A column of a view means what it means in the table of versions that the view shows, if it does not say otherwise.
CREATE VIEW dictionary AS
SELECT c.table_name, c.column_name, c.data_type, coalesce(c.comment, shown.comment) AS comment, coalesce(t.comment, v.comment) AS table_comment
FROM duckdb_columns() c
LEFT JOIN duckdb_columns() shown ON (shown.database_name, shown.table_name, shown.column_name)
    = (c.database_name, rtrim(c.table_name, 's') || '_versions', c.column_name)
LEFT JOIN duckdb_tables() t ON (t.database_name, t.table_name) = (c.database_name, c.table_name)
LEFT JOIN duckdb_views() v ON (v.database_name, v.view_name) = (c.database_name, c.table_name)
WHERE c.database_name = (SELECT min(database_name) FROM duckdb_databases() WHERE database_name SIMILAR TO 'p[0-9]+')
ORDER BY c.table_name, c.column_index;
-- A sum of quantities: per bound the sum of what is known, and how many quantities did not say it.
CREATE MACRO bounds(low, best, high, low_unknown, best_unknown, high_unknown) AS {'low': low::BIGINT, 'best': best::BIGINT, 'high': high::BIGINT,
    'unknown': {'low': low_unknown::BIGINT, 'best': best_unknown::BIGINT, 'high': high_unknown::BIGINT}};
-- The id of whatever stands at a position of the log: events/ids.py has the same.
CREATE MACRO position_id(place, number) AS format('{:08x}-7065-8000-8{:03x}-{:012x}', place::BIGINT, number >> 48, number & 281474976710655)::UUID;
-- The id that a rejected record bears, NULL when it is none.
CREATE MACRO id_said(headers) AS TRY_CAST(TRY(decode(from_base64(list_filter(headers::JSON[], lambda it: it->>0 = 'ce_id')[1]->>1))) AS UUID);
-- What quantities add to counters and tallies: by bound the sum of what is said, and how many do not say it. Texts that are the same
-- are read once by whoever groups by them first.
CREATE MACRO added_up(quantities, path) AS coalesce(list_sum(json_extract_string(quantities, path)::BIGINT[]), 0)::BIGINT;
CREATE MACRO not_said(quantities, path) AS
    coalesce(len(json_extract_string(quantities, path)) - list_count(json_extract_string(quantities, path)), 0);
CREATE MACRO toll(quantities) AS {
    'wounded_low': added_up(quantities, '$.wounded.*.low'), 'wounded_low_unknown': not_said(quantities, '$.wounded.*.low'),
    'wounded_best': added_up(quantities, '$.wounded.*.best'), 'wounded_best_unknown': not_said(quantities, '$.wounded.*.best'),
    'wounded_high': added_up(quantities, '$.wounded.*.high'), 'wounded_high_unknown': not_said(quantities, '$.wounded.*.high'),
    'killed_low': added_up(quantities, '$.killed.*.low'), 'killed_low_unknown': not_said(quantities, '$.killed.*.low'),
    'killed_best': added_up(quantities, '$.killed.*.best'), 'killed_best_unknown': not_said(quantities, '$.killed.*.best'),
    'killed_high': added_up(quantities, '$.killed.*.high'), 'killed_high_unknown': not_said(quantities, '$.killed.*.high')};
-- Whether an incident counts under a key of a dimension of the counters.
CREATE MACRO counts_in(dimension, key, country, site, actor, attribution, weapons) AS CASE dimension WHEN 'all' THEN true WHEN 'country' THEN country = key
    WHEN 'site' THEN site = key WHEN 'actor' THEN actor = key WHEN 'attribution' THEN attribution = key ELSE list_contains(weapons, key) END;
-- Whether a field of an incident is one of those that are wanted, if any are, and none of those that are not.
CREATE MACRO fits(wanted, unwanted, field, value) AS (json_extract(wanted, '$.' || field) IS NULL
    OR coalesce(list_contains(json_extract(wanted, '$.' || field)::VARCHAR[], value), false))
    AND NOT coalesce(list_contains(json_extract(unwanted, '$.' || field)::VARCHAR[], value), false);
-- What two days may say differently of an incident, a tally and an alert.
CREATE MACRO said(it) AS {'class': it.class, 'occurred_from': as_text(it.occurred_from), 'occurred_until': as_text(it.occurred_until),
    'precision': it.precision, 'site': it.site, 'country': it.country, 'actor': it.actor, 'attribution': it.attribution, 'weapons': it.weapons,
    'outcome': it.outcome, 'confidence': it.confidence, 'quantities': it.quantities, 'retracted': it.retracted, 'merged_into': it.merged_into};
CREATE MACRO tallied(it) AS {'incidents': it.incidents,
    'wounded': bounds(it.wounded_low, it.wounded_best, it.wounded_high, it.wounded_low_unknown, it.wounded_best_unknown, it.wounded_high_unknown),
    'killed': bounds(it.killed_low, it.killed_best, it.killed_high, it.killed_low_unknown, it.killed_best_unknown, it.killed_high_unknown)};
CREATE MACRO stood(it) AS {'state': it.state, 'severity': it.severity, 'value': it.value, 'opened_at': as_text(it.opened_at),
    'ended_at': as_text(it.ended_at)};

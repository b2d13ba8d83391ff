-- What queries share. Instants become text without ICU: UTC, `Z`, no fraction when there is none.
CREATE MACRO as_text(t) AS CASE WHEN epoch_us(t) % 1000000 = 0
    THEN strftime(make_timestamp(epoch_us(t)), '%Y-%m-%dT%H:%M:%SZ') ELSE strftime(make_timestamp(epoch_us(t)), '%Y-%m-%dT%H:%M:%S.%fZ') END;
-- NULL asks for everything, as a list of values does for any of them.
CREATE MACRO any_of(wanted, value) AS wanted IS NULL OR list_contains(wanted, value);
CREATE MACRO listed(ids) AS CASE WHEN ids = '' THEN []::VARCHAR[] ELSE string_split(ids, ',') END;
CREATE VIEW dictionary AS
SELECT c.table_name, c.column_name, c.data_type, c.comment, coalesce(t.comment, v.comment) AS table_comment
FROM duckdb_columns() c
LEFT JOIN duckdb_tables() t ON (t.database_name, t.table_name) = (c.database_name, c.table_name)
LEFT JOIN duckdb_views() v ON (v.database_name, v.view_name) = (c.database_name, c.table_name)
WHERE c.database_name = (SELECT min(database_name) FROM duckdb_databases() WHERE database_name SIMILAR TO 'p[0-9]+')
ORDER BY c.table_name, c.column_index;
-- A sum of quantities: per bound the sum of what is known, and how many quantities did not say it.
CREATE MACRO bounds(low, best, high, low_unknown, best_unknown, high_unknown) AS {'low': low::BIGINT, 'best': best::BIGINT, 'high': high::BIGINT,
    'unknown': {'low': low_unknown::BIGINT, 'best': best_unknown::BIGINT, 'high': high_unknown::BIGINT}};

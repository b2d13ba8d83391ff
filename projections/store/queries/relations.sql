-- The tables and views of one snapshot: name, and whether it has a column `partition` of its own.
SELECT table_name, bool_or(column_name = 'partition')
FROM duckdb_columns() WHERE database_name = $1 AND NOT internal GROUP BY table_name ORDER BY table_name

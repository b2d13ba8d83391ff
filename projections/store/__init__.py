"""The tables: the only folder that imports duckdb."""

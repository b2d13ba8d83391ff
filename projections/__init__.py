"""The meaning: what follows from the facts. May import `events`; only `projections.store` knows DuckDB."""

"""Silver's extraction from events on the stand-in against DuckDB's own."""

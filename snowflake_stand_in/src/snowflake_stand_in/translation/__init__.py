"""Passes that make Snowflake's tree DuckDB's: names, functions, types, lengths, paths."""

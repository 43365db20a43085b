"""COPY into Bronze on the stand-in against DuckDB's own reading of the same files."""

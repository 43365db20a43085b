"""A large day from source to Gold, against a script in DuckDB that makes the same of its files."""

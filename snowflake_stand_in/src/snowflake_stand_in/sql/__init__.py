"""Snowflake's text, names, errors and refusals, without a database."""

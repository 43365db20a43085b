"""The first ten minutes on a real Snowflake account: what holds of what we expect there."""

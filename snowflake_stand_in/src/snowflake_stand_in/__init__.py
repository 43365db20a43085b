"""A local stand-in for a Snowflake account: fakesnow's server, grown by subclassing."""

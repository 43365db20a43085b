"""What acts by itself or in steps: blocks of Snowflake Scripting, tasks, pipes, streams."""

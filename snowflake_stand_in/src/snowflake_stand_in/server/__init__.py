"""Snowflake's HTTP protocol: logins, requests and answers, lost connections."""

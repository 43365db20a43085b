"""Ingest against what else could do its job, as whole processes."""

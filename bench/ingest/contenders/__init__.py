"""Programs that do ingest's job or less: `python -m bench.ingest.contenders.NAME SOURCE TARGET`."""

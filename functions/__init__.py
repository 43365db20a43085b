"""The Azure Function: ingest on a timer, without Airflow."""

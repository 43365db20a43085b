"""The laptop's launcher: stand-ins and Airflow as processes, a day's run, its report."""

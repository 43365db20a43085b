"""What `gharchive_daily.py` is made of: its form, the bodies of its tasks, its dbt tasks."""

"""What a day of dbt costs after two months of history, and after a year."""

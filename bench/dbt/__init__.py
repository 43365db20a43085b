"""What a day reads and writes after two months of history, after a year, and after five."""

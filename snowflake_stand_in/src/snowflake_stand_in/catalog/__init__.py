"""What there is: SHOW, DESCRIBE, comments, account objects, budgets, earlier results."""

"""What runs DML and DDL: locks, transactions, MERGE, array bindings, temporary tables."""

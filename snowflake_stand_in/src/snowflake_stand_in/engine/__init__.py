"""The account's files, sessions with their transactions and locks, and what a cursor is."""

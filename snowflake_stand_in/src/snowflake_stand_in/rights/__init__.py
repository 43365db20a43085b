"""Who may do what: roles, users, grants, and what a statement needs of them."""

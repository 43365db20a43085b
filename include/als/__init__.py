"""Recommendations of repositories: read Gold, train, evaluate, write, publish."""

"""Benchmarks, each a package that is run as a module."""

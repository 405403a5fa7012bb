"""Benchmarks that print tables: `make bench`. They run the real server and look at it from outside.

What is measured and why is in docs/benchmarks.md. Nothing here is imported by the application.
"""

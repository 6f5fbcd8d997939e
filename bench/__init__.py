"""Benchmarks: each prints its key ratio on its last line."""

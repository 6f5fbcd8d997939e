"""Benchmarks: each prints, on its last line, the ratio that counts."""

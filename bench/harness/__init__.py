"""Shared parts of the benchmarks: temporary servers and systems, rounds, faults, samples and reports."""

"""Prometheus metrics of each process, counted where the work is done, batch by batch.

A process has one metrics object of its own kind, passes it to the code that does the work, and serves what
was counted. Names follow Prometheus' conventions: base units, `_total` for counters, `_timestamp_seconds` for
times.
"""

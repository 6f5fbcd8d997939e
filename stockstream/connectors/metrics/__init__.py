"""What each process tells Prometheus of itself, counted where it happens, by the batch.

A process has one object of its own kind, hands it to what does the work, and serves what it has counted.
Names follow Prometheus' conventions: base units, `_total` for what only grows, `_timestamp_seconds` for
moments.
"""

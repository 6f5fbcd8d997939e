"""The outside systems, one a file; the only place that knows their drivers."""

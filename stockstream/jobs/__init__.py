"""The jobs: one loop per process, with source, sink, clock and stop event as arguments."""

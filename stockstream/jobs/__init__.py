"""One loop a process; source, sink, clock and stop event are arguments."""

"""Putting trades back on the tape: files that were exported, and dead letters."""

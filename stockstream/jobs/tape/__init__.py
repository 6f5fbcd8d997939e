"""Restoring trades to the tape: from exported files, and from dead letters."""

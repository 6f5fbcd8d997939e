"""Servers for a machine that has none: embedded ones, or Docker's."""

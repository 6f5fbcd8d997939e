"""The servers of a machine that has none: embedded ones, or those of Docker."""

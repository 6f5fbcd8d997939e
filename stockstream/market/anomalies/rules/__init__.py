"""Rules that need no training: each scores trades by a law of its own."""

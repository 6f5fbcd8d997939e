"""Code that writes the tables."""

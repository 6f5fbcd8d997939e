"""What writes the tables."""

"""Unusual trading: features, methods and findings."""

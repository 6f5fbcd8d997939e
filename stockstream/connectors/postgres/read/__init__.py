"""Queries that read the tables and change nothing."""

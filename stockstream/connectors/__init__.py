"""Connectors to outside systems, one per file; only these know the systems' drivers."""

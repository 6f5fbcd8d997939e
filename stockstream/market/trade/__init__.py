"""A trade: its fields, its message, and many messages at once as columns."""

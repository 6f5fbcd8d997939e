"""PostgreSQL: connections, the schema, and the fence that keeps former owners out."""

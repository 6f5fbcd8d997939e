"""What a laptop has no server for: Kafka, PostgreSQL, and the processes that use them."""

"""Apache Kafka: reading and writing a topic, and asking the broker about it."""

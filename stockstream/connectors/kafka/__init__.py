"""Apache Kafka: reading and writing a topic, and querying its brokers."""

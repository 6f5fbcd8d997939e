"""Local servers, Kafka and PostgreSQL, for machines that have none, and the processes that use them."""

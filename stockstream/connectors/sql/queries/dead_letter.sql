-- A message that is no trade: kept whole, with where it came from and why.
INSERT INTO dead_letters (topic, kafka_partition, kafka_offset, key, payload, reason)
VALUES (%(topic)s, %(partition)s, %(offset)s, %(key)s, %(payload)s, %(reason)s)

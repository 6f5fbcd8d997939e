-- Where the consumer is to go on reading a partition.
INSERT INTO ingest_offsets (job, topic, kafka_partition, next_offset, owner_epoch)
VALUES ('consumer', %(topic)s, %(partition)s, %(offset)s, 0)

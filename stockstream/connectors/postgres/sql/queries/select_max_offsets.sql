-- The furthest place that any job has reached in each partition of a topic.
SELECT kafka_partition, max(next_offset) FROM ingest_offsets WHERE topic = %(topic)s GROUP BY kafka_partition

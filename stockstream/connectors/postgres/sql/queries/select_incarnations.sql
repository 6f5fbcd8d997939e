-- The newest life of each partition of a topic: which topic it is, and where its offsets begin on the tape.
SELECT DISTINCT ON (kafka_partition) kafka_partition, topic_id, base_offset
FROM topic_lives
WHERE topic = %(topic)s
ORDER BY kafka_partition, life DESC

-- The next dead letters of a topic after a place.
SELECT kafka_partition, kafka_offset, payload
FROM dead_letters
WHERE topic = %(topic)s AND (kafka_partition, kafka_offset) > (%(partition)s, %(offset)s)
ORDER BY kafka_partition, kafka_offset
LIMIT %(most)s
FOR UPDATE

-- select_consumed
-- How far the consumer is in each partition, and what lies between an offset in Kafka and its place on the tape.
SELECT kafka_partition, next_offset, coalesce((
    SELECT base_offset FROM topic_lives AS lives
    WHERE lives.topic = place.topic AND lives.kafka_partition = place.kafka_partition
    ORDER BY life DESC LIMIT 1
), 0) AS base
FROM ingest_offsets AS place
WHERE job = 'consumer' AND topic = %(topic)s

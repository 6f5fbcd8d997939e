-- How far the consumer is in each partition, the repeats that it met, what it has never read, and where the
-- topic's offsets begin on the tape.
SELECT
    kafka_partition, next_offset, duplicates, absent,
    coalesce((
        SELECT sum(to_offset - from_offset) FROM lost_ranges AS lost
        WHERE lost.job = place.job AND lost.topic = place.topic AND lost.kafka_partition = place.kafka_partition
    ), 0)::bigint AS lost,
    coalesce((
        SELECT base_offset FROM topic_lives AS lives
        WHERE lives.topic = place.topic AND lives.kafka_partition = place.kafka_partition
        ORDER BY life DESC LIMIT 1
    ), 0) AS base
FROM ingest_offsets AS place
WHERE job = 'consumer' AND topic = %(topic)s
ORDER BY kafka_partition

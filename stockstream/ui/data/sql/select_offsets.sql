-- How far each job is in each partition, in offsets of the topic as it is now; one row for each.
SELECT
    o.job, o.topic, o.kafka_partition,
    greatest(o.next_offset - coalesce(newest.base_offset, 0), 0) AS next_offset,
    o.duplicates,
    extract(epoch FROM clock_timestamp() - o.updated_at)::float8 AS idle
FROM ingest_offsets AS o
LEFT JOIN LATERAL (
    SELECT l.base_offset FROM topic_lives AS l
    WHERE l.topic = o.topic AND l.kafka_partition = o.kafka_partition
    ORDER BY l.life DESC LIMIT 1
) AS newest ON true
ORDER BY o.topic, o.job, o.kafka_partition
LIMIT 1000

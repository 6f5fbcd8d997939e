-- How far a job is in each partition of a topic, in offsets of the topic as it is now, and for how many
-- seconds it has not moved.
SELECT kafka_partition, greatest(next_offset - coalesce(base_offset, 0), 0),
       extract(epoch FROM clock_timestamp() - updated_at)::float8
FROM ingest_offsets
LEFT JOIN LATERAL (
    SELECT base_offset FROM topic_lives AS lives
    WHERE lives.topic = ingest_offsets.topic AND lives.kafka_partition = ingest_offsets.kafka_partition
    ORDER BY life DESC
    LIMIT 1
) AS newest ON true
WHERE job = %(job)s AND topic = %(topic)s

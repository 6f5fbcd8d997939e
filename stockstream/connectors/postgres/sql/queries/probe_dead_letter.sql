-- The newest dead letter and its age in seconds: one step in the primary key for each partition.
SELECT newest.reason, extract(epoch FROM clock_timestamp() - newest.received_at)::float8
FROM ingest_offsets AS place
CROSS JOIN LATERAL (
    SELECT reason, received_at
    FROM dead_letters
    WHERE topic = place.topic AND kafka_partition = place.kafka_partition
    ORDER BY kafka_offset DESC
    LIMIT 1
) AS newest
WHERE place.job = 'consumer' AND place.topic = %(topic)s
ORDER BY newest.received_at DESC
LIMIT 1

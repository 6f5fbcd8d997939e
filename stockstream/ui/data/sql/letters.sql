-- The newest dead letters of each partition, by its places in the topic, then the newest of those.
SELECT newest.topic, newest.kafka_partition, newest.kafka_offset, newest.reason, newest.tries,
    newest.received_at, encode(substring(newest.payload FROM 1 FOR 200), 'escape')
FROM (SELECT DISTINCT topic, kafka_partition FROM ingest_offsets) AS place
CROSS JOIN LATERAL (
    SELECT d.* FROM dead_letters AS d
    WHERE d.topic = place.topic AND d.kafka_partition = place.kafka_partition
    ORDER BY d.kafka_offset DESC LIMIT %(at_most)s
) AS newest
ORDER BY newest.received_at DESC
LIMIT %(at_most)s

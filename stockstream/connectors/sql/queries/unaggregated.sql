-- How many stored messages the aggregator has not read yet; none where no aggregator has ever run.
SELECT coalesce(sum(greatest(stored.next_offset - read.next_offset, 0)), 0)::bigint
FROM ingest_offsets AS stored
JOIN ingest_offsets AS read USING (topic, kafka_partition)
WHERE stored.job = 'consumer' AND read.job = 'aggregator'

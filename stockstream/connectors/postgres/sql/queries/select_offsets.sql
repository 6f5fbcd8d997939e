-- How far each job has read.
SELECT job, topic, kafka_partition, next_offset, owner_epoch, duplicates, updated_at
FROM ingest_offsets
ORDER BY job, topic, kafka_partition

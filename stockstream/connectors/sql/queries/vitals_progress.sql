-- How far a job is in each partition of a topic, and for how many seconds it has not moved.
SELECT kafka_partition, next_offset, extract(epoch FROM clock_timestamp() - updated_at)::float8
FROM ingest_offsets
WHERE job = %(job)s AND topic = %(topic)s

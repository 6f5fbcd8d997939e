-- How far each of these jobs is in each partition; moves in the transaction that stores their rows.
SELECT job, kafka_partition, next_offset
FROM ingest_offsets
WHERE topic = %(topic)s AND job = ANY (%(jobs)s)

-- How far the consumer has stored each partition; moves in the transaction that stores the rows.
SELECT kafka_partition, next_offset
FROM ingest_offsets
WHERE job = 'consumer' AND topic = %(topic)s

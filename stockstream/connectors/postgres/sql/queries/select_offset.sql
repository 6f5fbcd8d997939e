-- Where a job stands in a partition, and who owns it.
SELECT next_offset, owner_epoch
FROM ingest_offsets
WHERE job = %(job)s AND topic = %(topic)s AND kafka_partition = %(partition)s

-- Trades met again at a new offset: counted, so that stored + dead letters + duplicates = consumed.
UPDATE ingest_offsets
SET duplicates = duplicates + %(duplicates)s
WHERE job = %(job)s AND topic = %(topic)s AND kafka_partition = %(partition)s

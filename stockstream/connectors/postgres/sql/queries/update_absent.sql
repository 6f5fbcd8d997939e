-- Offsets that hold no message: counted, so that stored + dead letters + duplicates + absent = consumed.
UPDATE ingest_offsets
SET absent = absent + %(absent)s
WHERE job = %(job)s AND topic = %(topic)s AND kafka_partition = %(partition)s

-- Keep a job where it is until the end of the transaction, locked in the order in which the fence locks.
SELECT FROM ingest_offsets WHERE job = %(job)s AND topic = %(topic)s ORDER BY kafka_partition FOR UPDATE

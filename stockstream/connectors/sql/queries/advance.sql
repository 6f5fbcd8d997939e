-- The fence: move a partition on only if nobody has taken it over and nobody has moved it since.
UPDATE ingest_offsets
SET next_offset = %(to)s, updated_at = now()
WHERE job = %(job)s AND topic = %(topic)s AND kafka_partition = %(partition)s
  AND next_offset = %(from)s AND owner_epoch = %(epoch)s

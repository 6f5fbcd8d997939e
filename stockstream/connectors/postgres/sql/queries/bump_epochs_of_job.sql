-- Refuse what a job still has in hand, so that it looks again at what is stored.
UPDATE ingest_offsets SET owner_epoch = owner_epoch + 1 WHERE topic = %(topic)s AND job = %(job)s

-- Take a partition over for a job: raise the epoch, so that its former owner's writes are refused.
INSERT INTO ingest_offsets AS mine (job, topic, kafka_partition, next_offset, owner_epoch)
VALUES (%(job)s, %(topic)s, %(partition)s, 0, 1)
ON CONFLICT (job, topic, kafka_partition)
DO UPDATE SET owner_epoch = mine.owner_epoch + 1
RETURNING next_offset, owner_epoch

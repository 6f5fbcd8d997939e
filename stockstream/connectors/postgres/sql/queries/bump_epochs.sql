-- Refuse what all jobs of a topic still have in hand, in the order in which the fence locks.
WITH locked AS (
    SELECT job, kafka_partition FROM ingest_offsets WHERE topic = %(topic)s ORDER BY job, kafka_partition FOR UPDATE
)
UPDATE ingest_offsets AS mine
SET owner_epoch = mine.owner_epoch + 1
FROM locked
WHERE mine.topic = %(topic)s AND (mine.job, mine.kafka_partition) = (locked.job, locked.kafka_partition)

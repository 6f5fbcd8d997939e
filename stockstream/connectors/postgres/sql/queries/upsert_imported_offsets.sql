-- Bring the places of the jobs above what was stored. What is passed over without a trade is absent, and a trade
-- that comes to such a place later is absent no more. An epoch of zero says that no job has begun yet.
INSERT INTO ingest_offsets AS mine (job, topic, kafka_partition, next_offset, owner_epoch, absent)
SELECT job, %(topic)s, kafka_partition, next_offset, 0, next_offset - trades
FROM unnest(%(jobs)s::text[]) AS job,
     unnest(%(partitions)s::integer[], %(next_offsets)s::bigint[], %(trades)s::bigint[])
         AS stored (kafka_partition, next_offset, trades)
ON CONFLICT (job, topic, kafka_partition) DO UPDATE SET
    next_offset = greatest(mine.next_offset, excluded.next_offset),
    absent = mine.absent + excluded.absent - least(mine.next_offset, excluded.next_offset),
    updated_at = now()

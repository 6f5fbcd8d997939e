-- The fence: move every partition of a batch on, locked in the order of their numbers, only where
-- nobody has taken it over and nobody has moved it since. Returns those it could move.
WITH mine AS MATERIALIZED (
    SELECT place.kafka_partition, step.next_offset
    FROM ingest_offsets AS place
    JOIN unnest(%(partitions)s::integer[], %(starts)s::bigint[], %(ends)s::bigint[], %(epochs)s::bigint[])
        AS step (kafka_partition, start_offset, next_offset, epoch)
        ON step.kafka_partition = place.kafka_partition
        AND step.start_offset = place.next_offset
        AND step.epoch = place.owner_epoch
    WHERE place.job = %(job)s AND place.topic = %(topic)s
    ORDER BY place.kafka_partition
    FOR UPDATE OF place
)
UPDATE ingest_offsets AS place
SET next_offset = mine.next_offset, updated_at = now()
FROM mine
WHERE place.job = %(job)s AND place.topic = %(topic)s AND place.kafka_partition = mine.kafka_partition
RETURNING place.kafka_partition

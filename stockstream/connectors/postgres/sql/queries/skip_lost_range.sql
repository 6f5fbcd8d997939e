-- Move a job past what it can never read, and keep in mind what that was. Its place may only go up.
WITH former AS (
    SELECT coalesce((
        SELECT next_offset FROM ingest_offsets
        WHERE job = %(job)s AND topic = %(topic)s AND kafka_partition = %(partition)s
        FOR UPDATE
    ), 0) AS place
), moved AS (
    INSERT INTO ingest_offsets AS mine (job, topic, kafka_partition, next_offset, owner_epoch)
    SELECT %(job)s, %(topic)s, %(partition)s, %(to)s, 1 FROM former WHERE place < %(to)s
    ON CONFLICT (job, topic, kafka_partition)
    DO UPDATE SET next_offset = excluded.next_offset, owner_epoch = mine.owner_epoch + 1, updated_at = now()
    WHERE mine.next_offset < excluded.next_offset
    RETURNING next_offset
)
INSERT INTO lost_ranges (job, topic, kafka_partition, from_offset, to_offset)
SELECT %(job)s, %(topic)s, %(partition)s, former.place, moved.next_offset FROM former, moved
RETURNING from_offset

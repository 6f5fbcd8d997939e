-- Seconds from a trade's own time to the transaction that stored it, for the newest trade of each partition:
-- the one right before the consumer's place, sought among each symbol's newest. The middle one and the slowest.
-- Between it and the place there may be the marker of its transaction, which comes a moment after it, but no
-- message that came later.
SELECT
    percentile_cont(0.5) WITHIN GROUP (ORDER BY newest.seconds),
    max(newest.seconds)
FROM (
    SELECT DISTINCT ON (t.kafka_partition)
        extract(epoch FROM o.updated_at - t."timestamp")::float8 AS seconds
    FROM unnest(%(symbols)s::text[]) AS asked (symbol)
    CROSS JOIN LATERAL (
        SELECT mine."timestamp", mine.kafka_partition, mine.kafka_offset FROM trades AS mine
        WHERE mine.symbol = asked.symbol AND mine."timestamp" <= now() + interval '1 minute'
        ORDER BY mine."timestamp" DESC LIMIT 3
    ) AS t
    JOIN ingest_offsets AS o
        ON o.job = 'consumer' AND o.kafka_partition = t.kafka_partition AND o.next_offset - t.kafka_offset IN (1, 2)
    WHERE o.next_offset = t.kafka_offset + 1 OR NOT EXISTS (
        SELECT FROM dead_letters AS dead
        WHERE dead.topic = o.topic AND dead.kafka_partition = o.kafka_partition
            AND dead.kafka_offset = t.kafka_offset + 1
    )
    ORDER BY t.kafka_partition, t.kafka_offset DESC
) AS newest

-- Seconds from a trade's own time to the transaction that stored it, for the newest trade of each partition:
-- the one right before the consumer's place, sought among each symbol's newest. The middle one and the slowest.
SELECT
    percentile_cont(0.5) WITHIN GROUP (ORDER BY newest.seconds),
    max(newest.seconds)
FROM (
    SELECT extract(epoch FROM o.updated_at - t."timestamp")::float8 AS seconds
    FROM unnest(%(symbols)s::text[]) AS asked (symbol)
    CROSS JOIN LATERAL (
        SELECT mine."timestamp", mine.kafka_partition, mine.kafka_offset FROM trades AS mine
        WHERE mine.symbol = asked.symbol AND mine."timestamp" <= now() + interval '1 minute'
        ORDER BY mine."timestamp" DESC LIMIT 3
    ) AS t
    JOIN ingest_offsets AS o
        ON o.job = 'consumer' AND o.kafka_partition = t.kafka_partition AND o.next_offset = t.kafka_offset + 1
) AS newest

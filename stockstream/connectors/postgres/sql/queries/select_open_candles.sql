-- What the tape has, before these offsets, of the candles that were forming a moment ago: an engine that starts over
-- goes on from there.
WITH open AS (
    SELECT symbol, window_start FROM stock_metrics
    WHERE reconciled_at IS NULL AND NOT is_final AND updated_at > now() - interval '10 minutes'
    UNION
    SELECT symbol, window_start FROM unreconciled_minutes WHERE window_start > now() - interval '2 minutes'
    UNION
    SELECT symbol, window_start FROM touched_minutes WHERE window_start > now() - interval '2 minutes'
)
SELECT read.kafka_partition, open.symbol, open.window_start, sums.*
FROM open
CROSS JOIN unnest(%(partitions)s::integer[], %(next_offsets)s::bigint[]) AS read (kafka_partition, next_offset)
CROSS JOIN LATERAL (
    SELECT count(*) AS trade_count, sum(price),
        min(price) FILTER (WHERE updates_last), max(price) FILTER (WHERE updates_last),
        sum(volume), sum(price * volume),
        coalesce(sum(volume) FILTER (WHERE trade_type = 'BUY'), 0),
        coalesce(sum(volume) FILTER (WHERE trade_type = 'SELL'), 0),
        min("timestamp") FILTER (WHERE updates_last),
        (array_agg(price ORDER BY "timestamp", kafka_offset) FILTER (WHERE updates_last))[1],
        max("timestamp") FILTER (WHERE updates_last),
        (array_agg(price ORDER BY "timestamp" DESC, kafka_offset DESC) FILTER (WHERE updates_last))[1]
    FROM trades
    WHERE symbol = open.symbol
        AND "timestamp" >= open.window_start AND "timestamp" < open.window_start + interval '1 minute'
        AND kafka_partition = read.kafka_partition AND kafka_offset < read.next_offset AND corrected_at IS NULL
) AS sums
WHERE sums.trade_count > 0

-- Count the late trades that the tape knows by now, each in its window's row, and let them go. One
-- that the tape keeps at another offset is a repeat, and is let go uncounted.
WITH settled AS (
    DELETE FROM late_arrivals AS late
    USING trades
    WHERE late.job = %(job)s AND late.topic = %(topic)s AND late.kafka_partition = ANY (%(partitions)s)
      AND trades.source = late.source AND trades.symbol = late.symbol AND trades.trade_id = late.trade_id
    RETURNING late.symbol, late.window_start,
        (trades.kafka_partition, trades.kafka_offset) = (late.kafka_partition, late.kafka_offset) AS is_first
)
INSERT INTO stock_metrics AS held (
    symbol, window_start, window_end, trade_count, total_volume, total_value, buy_volume, sell_volume,
    late_trades, is_final
)
SELECT symbol, window_start, window_start + interval '60 seconds', 0, 0, 0, 0, 0, count(*), true
FROM settled
WHERE is_first
GROUP BY symbol, window_start
ON CONFLICT (symbol, window_start) DO UPDATE SET
    late_trades = held.late_trades + excluded.late_trades, updated_at = now()

-- Let go of the late trades that the tape knows by now; returns the pieces of those that are no repeats.
WITH settled AS (
    DELETE FROM late_arrivals AS late
    USING trades
    WHERE late.job = %(job)s AND late.topic = %(topic)s AND late.kafka_partition = ANY (%(partitions)s)
      AND trades.source = late.source AND trades.symbol = late.symbol AND trades.trade_id = late.trade_id
    RETURNING late.symbol, late.window_start,
        (trades.kafka_partition, trades.kafka_offset) = (late.kafka_partition, late.kafka_offset) AS is_first
)
INSERT INTO candle_pieces AS held (
    job, symbol, piece_start, trade_count, price_sum, volume, value, buy_volume, sell_volume, late_trades
)
SELECT %(job)s, symbol, window_start, 0, 0, 0, 0, 0, 0, count(*)
FROM settled
WHERE is_first
GROUP BY symbol, window_start
ON CONFLICT (job, symbol, piece_start) DO UPDATE SET late_trades = held.late_trades + excluded.late_trades
RETURNING symbol, piece_start

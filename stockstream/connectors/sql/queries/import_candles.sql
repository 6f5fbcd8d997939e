-- The candles of the minutes that trades have arrived in, whole, as plain SQL over all stored trades of them.
INSERT INTO stock_metrics AS held (
    symbol, window_start, window_end, trade_count, avg_price, min_price, max_price, total_volume, total_value,
    open, close, vwap, buy_volume, sell_volume, is_final
)
SELECT
    symbol, window_start, window_start + interval '60 seconds', count(*), avg(price), min(price), max(price),
    sum(volume), sum(price * volume),
    (array_agg(price ORDER BY "timestamp", kafka_partition, kafka_offset))[1],
    (array_agg(price ORDER BY "timestamp" DESC, kafka_partition DESC, kafka_offset DESC))[1],
    sum(price * volume) / sum(volume), coalesce(sum(volume) FILTER (WHERE trade_type = 'BUY'), 0),
    coalesce(sum(volume) FILTER (WHERE trade_type = 'SELL'), 0), true
FROM (
    SELECT DISTINCT symbol, date_trunc('minute', "timestamp", 'UTC') AS window_start
    FROM arrivals
    WHERE date_trunc('minute', "timestamp", 'UTC') <= now()
) AS touched
JOIN trades USING (symbol)
WHERE "timestamp" >= window_start AND "timestamp" < window_start + interval '60 seconds'
GROUP BY symbol, window_start
ON CONFLICT (symbol, window_start) DO UPDATE SET
    trade_count = excluded.trade_count, avg_price = excluded.avg_price, min_price = excluded.min_price,
    max_price = excluded.max_price, total_volume = excluded.total_volume, total_value = excluded.total_value,
    open = excluded.open, close = excluded.close, vwap = excluded.vwap, buy_volume = excluded.buy_volume,
    sell_volume = excluded.sell_volume, updated_at = now()
WHERE held.trade_count <> excluded.trade_count

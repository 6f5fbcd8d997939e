-- The candles of all trades that are stored, as SQL makes them, from a moment on; written again they are replaced.
INSERT INTO stock_metrics (
    symbol, window_start, window_end, trade_count, avg_price, min_price, max_price, total_volume, total_value,
    open, close, vwap, buy_volume, sell_volume, is_final
)
SELECT
    symbol, date_trunc('minute', "timestamp") AS window_start,
    date_trunc('minute', "timestamp") + interval '1 minute', count(*), avg(price), min(price), max(price),
    sum(volume), sum(total_value), (array_agg(price ORDER BY "timestamp"))[1],
    (array_agg(price ORDER BY "timestamp" DESC))[1], sum(total_value) / sum(volume),
    coalesce(sum(volume) FILTER (WHERE trade_type = 'BUY'), 0),
    coalesce(sum(volume) FILTER (WHERE trade_type = 'SELL'), 0), false
FROM trades
WHERE "timestamp" >= %(since)s
GROUP BY 1, 2
ON CONFLICT (symbol, window_start) DO UPDATE SET
    trade_count = excluded.trade_count, avg_price = excluded.avg_price, min_price = excluded.min_price,
    max_price = excluded.max_price, total_volume = excluded.total_volume, total_value = excluded.total_value,
    open = excluded.open, close = excluded.close, vwap = excluded.vwap, buy_volume = excluded.buy_volume,
    sell_volume = excluded.sell_volume, updated_at = now()

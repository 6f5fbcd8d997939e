-- Write the candles that an engine has made, until they are reconciled. An engine that has started over, and has not yet
-- all the trades that its predecessor had, takes none away.
INSERT INTO stock_metrics AS held (
    symbol, window_start, window_end, trade_count, avg_price, min_price, max_price,
    total_volume, total_value, open, close, vwap, buy_volume, sell_volume, is_final
)
SELECT
    symbol, window_start, window_start + interval '1 minute', trade_count, price_sum / trade_count, low, high,
    volume, value, open, close, value / volume, buy_volume, sell_volume, is_final
FROM unnest(
    %(symbols)s::text[], %(starts)s::timestamptz[], %(trade_counts)s::bigint[], %(price_sums)s::numeric[],
    %(lows)s::numeric[], %(highs)s::numeric[], %(volumes)s::numeric[], %(values)s::numeric[],
    %(opens)s::numeric[], %(closes)s::numeric[], %(buy_volumes)s::numeric[], %(sell_volumes)s::numeric[],
    %(finals)s::boolean[]
) AS fresh (
    symbol, window_start, trade_count, price_sum, low, high, volume, value, open, close, buy_volume, sell_volume,
    is_final
)
ON CONFLICT (symbol, window_start) DO UPDATE SET
    trade_count = excluded.trade_count, avg_price = excluded.avg_price,
    min_price = excluded.min_price, max_price = excluded.max_price,
    total_volume = excluded.total_volume, total_value = excluded.total_value,
    open = excluded.open, close = excluded.close, vwap = excluded.vwap,
    buy_volume = excluded.buy_volume, sell_volume = excluded.sell_volume,
    is_final = held.is_final OR excluded.is_final
WHERE held.reconciled_at IS NULL AND excluded.trade_count >= held.trade_count

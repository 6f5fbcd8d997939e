-- Write candles whole, so that to write one again is harmless. The means are made here, from exact
-- sums, so that they equal those of plain SQL over trades. A final candle stays final, and each
-- change to it is a revision.
INSERT INTO stock_metrics AS held (
    symbol, window_start, window_end, trade_count, avg_price, min_price, max_price,
    total_volume, total_value, open, close, vwap, buy_volume, sell_volume, is_final
)
SELECT
    symbol, window_start, window_start + interval '60 seconds', trade_count, price_sum / trade_count, low, high,
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
    is_final = held.is_final OR excluded.is_final,
    revision = held.revision + held.is_final::integer,
    updated_at = now()
WHERE excluded.is_final > held.is_final
   OR (excluded.trade_count, excluded.total_value, excluded.total_volume)
      IS DISTINCT FROM (held.trade_count, held.total_value, held.total_volume)

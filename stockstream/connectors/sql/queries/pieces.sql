-- Write pieces whole, so that to write one again is harmless. Their late trades are counted elsewhere.
INSERT INTO candle_pieces (
    job, symbol, piece_start, trade_count, price_sum, low, high, volume, value, open, close, buy_volume, sell_volume
)
SELECT %(job)s, piece.*
FROM unnest(
    %(symbols)s::text[], %(starts)s::timestamptz[], %(trade_counts)s::bigint[], %(price_sums)s::numeric[],
    %(lows)s::numeric[], %(highs)s::numeric[], %(volumes)s::numeric[], %(values)s::numeric[],
    %(opens)s::numeric[], %(closes)s::numeric[], %(buy_volumes)s::numeric[], %(sell_volumes)s::numeric[]
) AS piece
ON CONFLICT (job, symbol, piece_start) DO UPDATE SET
    trade_count = excluded.trade_count, price_sum = excluded.price_sum, low = excluded.low, high = excluded.high,
    volume = excluded.volume, value = excluded.value, open = excluded.open, close = excluded.close,
    buy_volume = excluded.buy_volume, sell_volume = excluded.sell_volume

-- Put the windows together that the changed pieces are in. A piece lies within one step of the slide, so a
-- window begins at the step of its piece, or at one of those before that are still within its width.
WITH changed AS (
    SELECT DISTINCT touched.symbol, step AS window_start
    FROM unnest(%(symbols)s::text[], %(starts)s::timestamptz[]) AS touched (symbol, piece_start)
    CROSS JOIN LATERAL generate_series(
        date_bin(%(slide)s, touched.piece_start, '1970-01-01Z') - (%(width)s::interval - %(slide)s::interval),
        date_bin(%(slide)s, touched.piece_start, '1970-01-01Z'), %(slide)s
    ) AS step
), put_together AS (
    SELECT changed.symbol, changed.window_start, sum(trade_count) AS trade_count, sum(price_sum) AS price_sum,
        min(low) AS low, max(high) AS high, sum(volume) AS volume, sum(value) AS value,
        (array_agg(open ORDER BY piece_start) FILTER (WHERE trade_count > 0))[1] AS open,
        (array_agg(close ORDER BY piece_start DESC) FILTER (WHERE trade_count > 0))[1] AS close,
        sum(buy_volume) AS buy_volume, sum(sell_volume) AS sell_volume, sum(late_trades) AS late_trades
    FROM changed
    JOIN candle_pieces AS piece ON piece.job = %(job)s AND piece.symbol = changed.symbol
        AND piece.piece_start >= changed.window_start
        AND piece.piece_start < changed.window_start + %(width)s::interval
    GROUP BY changed.symbol, changed.window_start
)
INSERT INTO candles AS held (
    symbol, width, slide, window_start, window_end, trade_count, avg_price, min_price, max_price,
    total_volume, total_value, open, close, vwap, buy_volume, sell_volume, late_trades
)
SELECT symbol, %(width)s, %(slide)s, window_start, window_start + %(width)s::interval, trade_count,
    price_sum / nullif(trade_count, 0), low, high, volume, value, open, close, value / nullif(volume, 0),
    buy_volume, sell_volume, late_trades
FROM put_together
ON CONFLICT (symbol, width, slide, window_start) DO UPDATE SET
    trade_count = excluded.trade_count, avg_price = excluded.avg_price,
    min_price = excluded.min_price, max_price = excluded.max_price,
    total_volume = excluded.total_volume, total_value = excluded.total_value,
    open = excluded.open, close = excluded.close, vwap = excluded.vwap,
    buy_volume = excluded.buy_volume, sell_volume = excluded.sell_volume, late_trades = excluded.late_trades,
    revision = held.revision + (held.is_final AND held.trade_count <> excluded.trade_count)::integer,
    updated_at = now()
WHERE (excluded.trade_count, excluded.total_value, excluded.total_volume, excluded.late_trades)
      IS DISTINCT FROM (held.trade_count, held.total_value, held.total_volume, held.late_trades)

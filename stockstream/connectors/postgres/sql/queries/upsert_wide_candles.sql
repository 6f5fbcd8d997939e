-- Put the wider windows of a frame together that reconciled minutes are in. They begin by the clock of a zone, each day
-- so much before midnight: where clocks change, a day has 23 hours or 25.
WITH changed AS (
    SELECT DISTINCT touched.symbol,
        (step - touched.early) AT TIME ZONE touched.zone AS window_start,
        (step - touched.early + %(width)s) AT TIME ZONE touched.zone AS window_end
    FROM unnest(%(symbols)s::text[], %(starts)s::timestamptz[], %(zones)s::text[], %(earlies)s::interval[])
        AS touched (symbol, window_start, zone, early)
    CROSS JOIN LATERAL date_bin(
        %(slide)s, touched.window_start AT TIME ZONE touched.zone + touched.early, %(origin)s
    ) AS newest
    CROSS JOIN LATERAL generate_series(newest - (%(width)s - %(slide)s), newest, %(slide)s) AS step
), emptied AS (
    -- A window of which no trade stands any more.
    DELETE FROM candles AS held USING changed
    WHERE held.symbol = changed.symbol AND held.width = %(width)s AND held.slide = %(slide)s
        AND held.window_start = changed.window_start
        AND NOT EXISTS (
            SELECT FROM stock_metrics AS minute
            WHERE minute.symbol = changed.symbol AND minute.reconciled_at IS NOT NULL
                AND minute.window_start >= changed.window_start AND minute.window_start < changed.window_end
        )
)
INSERT INTO candles AS held (
    symbol, width, slide, window_start, window_end, trade_count, avg_price, min_price, max_price,
    total_volume, total_value, open, close, vwap, buy_volume, sell_volume, late_trades
)
SELECT changed.symbol, %(width)s, %(slide)s, changed.window_start, changed.window_end, sum(trade_count),
    sum(price_sum) / sum(trade_count), min(min_price), max(max_price), sum(total_volume), sum(total_value),
    (array_agg(minute.open ORDER BY minute.window_start) FILTER (WHERE minute.open IS NOT NULL))[1],
    (array_agg(minute.close ORDER BY minute.window_start DESC) FILTER (WHERE minute.close IS NOT NULL))[1],
    sum(total_value) / sum(total_volume), sum(buy_volume), sum(sell_volume), sum(late_trades)
FROM changed
JOIN stock_metrics AS minute ON minute.symbol = changed.symbol AND minute.reconciled_at IS NOT NULL
    AND minute.window_start >= changed.window_start AND minute.window_start < changed.window_end
GROUP BY changed.symbol, changed.window_start, changed.window_end
ORDER BY changed.symbol, changed.window_start
ON CONFLICT (symbol, width, slide, window_start) DO UPDATE SET
    trade_count = excluded.trade_count, avg_price = excluded.avg_price,
    min_price = excluded.min_price, max_price = excluded.max_price,
    total_volume = excluded.total_volume, total_value = excluded.total_value,
    open = excluded.open, close = excluded.close, vwap = excluded.vwap,
    buy_volume = excluded.buy_volume, sell_volume = excluded.sell_volume, late_trades = excluded.late_trades,
    revision = held.revision + held.is_final::integer,
    updated_at = clock_timestamp()
WHERE (
    excluded.trade_count, excluded.total_value, excluded.total_volume, excluded.late_trades, excluded.min_price,
    excluded.max_price, excluded.open, excluded.close, excluded.buy_volume, excluded.sell_volume
) IS DISTINCT FROM (
    held.trade_count, held.total_value, held.total_volume, held.late_trades, held.min_price,
    held.max_price, held.open, held.close, held.buy_volume, held.sell_volume
)

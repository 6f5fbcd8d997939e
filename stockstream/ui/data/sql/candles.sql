-- One symbol's candles, put together to the asked width by the clock of a zone; the span bounds the rows read.
SELECT
    (date_bin(%(width)s, m.window_start AT TIME ZONE %(zone)s + %(early)s, '1970-01-05') - %(early)s)
        AT TIME ZONE %(zone)s AS candle_start,
    (array_agg(m.open ORDER BY m.window_start) FILTER (WHERE m.open IS NOT NULL))[1] AS open,
    max(m.max_price) AS high,
    min(m.min_price) AS low,
    (array_agg(m.close ORDER BY m.window_start DESC) FILTER (WHERE m.close IS NOT NULL))[1] AS close,
    sum(m.total_volume) AS volume,
    sum(m.total_value) / nullif(sum(m.total_volume), 0) AS vwap,
    sum(m.buy_volume) AS buy_volume,
    sum(m.sell_volume) AS sell_volume,
    max(m.window_start) FILTER (WHERE m.close IS NOT NULL) AS closing_minute
FROM stock_metrics AS m
WHERE m.symbol = %(symbol)s AND m.window_start BETWEEN %(start)s AND %(end)s
    AND coalesce(m.window_start <@ (SELECT (%(hours)s::tstzmultirange[])[1]), true)
GROUP BY 1
HAVING max(m.max_price) IS NOT NULL
ORDER BY 1

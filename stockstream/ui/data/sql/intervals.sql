-- What the candles say of each interval of the asked symbols: how many trades it has had, and
-- when that was last written.
SELECT
    m.symbol,
    date_bin(%(width)s, m.window_start, 'epoch') AS interval,
    sum(m.trade_count)::bigint AS trades,
    max(m.updated_at) AS written_at
FROM stock_metrics AS m
WHERE m.symbol = ANY (%(symbols)s) AND m.window_start >= %(start)s AND m.window_start <= %(end)s
GROUP BY 1, 2

-- Each of the newest sixty minutes that have candles: trades in time, and those that came late.
SELECT m.window_start, sum(m.trade_count - m.late_trades)::bigint, sum(m.late_trades)::bigint
FROM stock_metrics AS m
WHERE m.symbol = ANY (%(symbols)s)
    AND m.window_start <= now() + interval '1 minute'
    AND m.window_start > (
        SELECT n.window_start FROM stock_metrics AS n
        WHERE n.window_start <= now() + interval '1 minute' ORDER BY n.window_start DESC LIMIT 1
    ) - interval '60 minutes'
GROUP BY m.window_start
ORDER BY m.window_start

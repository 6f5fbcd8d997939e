-- For how many seconds no candle of the newest window was written.
SELECT min(extract(epoch FROM clock_timestamp() - m.updated_at))::float8
FROM stock_metrics AS m
WHERE m.window_start = (
    SELECT n.window_start FROM stock_metrics AS n
    WHERE n.window_start <= now() + interval '1 minute' ORDER BY n.window_start DESC LIMIT 1
)

-- Where the newest window ends, and for how many seconds no candle of it has been written.
SELECT max(window_end), min(extract(epoch FROM clock_timestamp() - updated_at))::float8
FROM stock_metrics
WHERE window_start = (SELECT max(window_start) FROM stock_metrics)
HAVING count(*) > 0

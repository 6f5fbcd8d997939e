-- Lock the next minutes that are due, and that no other reconciler works on: those that are over, and whose candle an
-- engine has closed, or which have been quiet for a while, or have waited for long without a pause.
SELECT waiting.symbol, waiting.window_start
FROM unreconciled_minutes AS waiting
LEFT JOIN stock_metrics AS candle USING (symbol, window_start)
WHERE waiting.window_start <= now() - interval '1 minute'
    AND (waiting.window_start, waiting.symbol) > (%(after_start)s::timestamptz, %(after_symbol)s)
    AND (
        candle.is_final IS TRUE
        OR greatest(waiting.touched_at, candle.updated_at) <= now() - %(quiet)s::interval
        OR waiting.waits_since <= now() - interval '75 seconds'
    )
ORDER BY waiting.window_start, waiting.symbol
LIMIT %(most)s
FOR UPDATE OF waiting SKIP LOCKED

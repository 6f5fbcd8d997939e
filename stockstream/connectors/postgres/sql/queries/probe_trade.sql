-- The newest trade by event time, and its age in seconds: a step in the index for each symbol, however many trades
-- there are. No index has their times alone.
SELECT newest."timestamp", extract(epoch FROM clock_timestamp() - newest."timestamp")::float8
FROM traded_symbols() AS known
CROSS JOIN LATERAL (
    SELECT "timestamp" FROM trades WHERE trades.symbol = known.symbol ORDER BY "timestamp" DESC LIMIT 1
) AS newest
ORDER BY newest."timestamp" DESC
LIMIT 1

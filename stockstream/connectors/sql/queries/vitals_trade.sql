-- The newest trade by event time, and its age in seconds: a step or two in the index for each symbol, however
-- many trades there are. No index has their times alone.
WITH RECURSIVE known AS (
    (SELECT symbol FROM trades ORDER BY symbol LIMIT 1)
    UNION ALL
    SELECT (SELECT later.symbol FROM trades AS later WHERE later.symbol > known.symbol ORDER BY later.symbol LIMIT 1)
    FROM known
    WHERE known.symbol IS NOT NULL
)
SELECT newest."timestamp", extract(epoch FROM clock_timestamp() - newest."timestamp")::float8
FROM known
CROSS JOIN LATERAL (
    SELECT "timestamp" FROM trades WHERE trades.symbol = known.symbol ORDER BY "timestamp" DESC LIMIT 1
) AS newest
ORDER BY newest."timestamp" DESC
LIMIT 1

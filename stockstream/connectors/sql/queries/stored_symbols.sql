-- The symbols that have trades: one step down the index a symbol, however many trades there are.
WITH RECURSIVE stored AS (
    (SELECT symbol FROM trades ORDER BY symbol LIMIT 1)
    UNION ALL
    SELECT (SELECT later.symbol FROM trades AS later WHERE later.symbol > stored.symbol ORDER BY later.symbol LIMIT 1)
    FROM stored
    WHERE stored.symbol IS NOT NULL
)
SELECT symbol FROM stored WHERE symbol IS NOT NULL

-- The symbol with the fewest trades, counted up to %(enough)s: walks the index from symbol to symbol.
WITH RECURSIVE symbols AS (
    (SELECT symbol FROM trades ORDER BY symbol LIMIT 1)
    UNION ALL
    SELECT (SELECT symbol FROM trades WHERE trades.symbol > symbols.symbol ORDER BY symbol LIMIT 1)
    FROM symbols
    WHERE symbols.symbol IS NOT NULL
)
SELECT symbol, counted
FROM symbols
CROSS JOIN LATERAL (
    SELECT count(*) AS counted
    FROM (SELECT FROM trades WHERE trades.symbol = symbols.symbol LIMIT %(enough)s) AS first_ones
) AS each
WHERE symbol IS NOT NULL
ORDER BY counted, symbol
LIMIT 1

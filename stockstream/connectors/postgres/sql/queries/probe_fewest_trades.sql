-- The symbol with the fewest trades, counted up to %(enough)s.
SELECT known.symbol, counted
FROM traded_symbols() AS known
CROSS JOIN LATERAL (
    SELECT count(*) AS counted
    FROM (SELECT FROM trades WHERE trades.symbol = known.symbol LIMIT %(enough)s) AS first_ones
) AS each
ORDER BY counted, known.symbol
LIMIT 1

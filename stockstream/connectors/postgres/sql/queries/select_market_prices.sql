-- Times and prices of each symbol's trades from one moment to another, both included: microseconds since 2000
-- and a float, eight bytes each, in no order but the same. Two values a symbol are handed over quicker than
-- a row a trade.
SELECT symbol, string_agg(timestamptz_send("timestamp"), ''::bytea), string_agg(float8send(price::float8), ''::bytea)
FROM (
    SELECT symbol, "timestamp", price FROM trades
    WHERE "timestamp" >= %(first)s AND "timestamp" <= %(last)s AND corrected_at IS NULL
    LIMIT %(most)s
) AS trades_of_span
GROUP BY symbol

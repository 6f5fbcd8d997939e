-- The times of all symbols' trades from one moment to another, both included: microseconds since 2000 in
-- eight bytes each, in no order. One value is handed over quicker than a row a trade.
SELECT string_agg(timestamptz_send("timestamp"), ''::bytea)
FROM (
    SELECT "timestamp" FROM trades
    WHERE "timestamp" >= %(first)s AND "timestamp" <= %(last)s
    LIMIT %(most)s
) AS times

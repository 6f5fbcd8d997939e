-- Trades of the past, in order of time: rows `first` to `last` of `rows`, spread evenly from `begin` to `end`.
-- Their offsets lie below zero, so that those of the topic follow them.
INSERT INTO trades
    (trade_id, "timestamp", symbol, price, volume, trade_type, source, anomaly, kafka_partition, kafka_offset)
SELECT
    uuidv7(moment - clock_timestamp())::text,
    moment,
    (ARRAY['AAPL', 'GOOGL', 'MSFT', 'AMZN', 'TSLA', 'META', 'NVDA', 'JPM', 'V', 'WMT'])[1 + mod(number, 10)::integer],
    100 + mod(number, 9973) / 100.0,
    100 * (1 + mod(number, 17)),
    CASE mod(number, 2) WHEN 0 THEN 'BUY' ELSE 'SELL' END,
    'synthetic',
    NULL,
    (ARRAY[0, 1, 0, 2, 0, 1, 0, 3, 0, 1])[1 + mod(number, 10)::integer],
    number - %(rows)s
FROM generate_series(%(first)s::bigint, %(last)s::bigint - 1) AS number
CROSS JOIN LATERAL (
    SELECT %(begin)s + (%(end)s - %(begin)s) * (number / %(rows)s::double precision) AS moment
) AS times

-- The hours that have candles or trades, from a moment on: those of the days at hand, and others.
SELECT hour FROM (
    SELECT date_bin('1 hour', window_start, '1970-01-01Z') AS hour FROM stock_metrics
    UNION
    SELECT date_bin('1 hour', "timestamp", '1970-01-01Z') FROM trades_elsewhen
    UNION
    SELECT day::timestamp AT TIME ZONE 'UTC' + number * interval '1 hour'
    FROM trades_days() AS at_hand, generate_series(0, 23) AS number WHERE day IS NOT NULL
) AS hours
WHERE hour + interval '1 hour' > %(since)s AND hour <= now() + interval '1 hour'
ORDER BY hour

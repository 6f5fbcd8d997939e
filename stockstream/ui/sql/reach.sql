-- What there is: the newest and the first trade, the first candle, and where the candles end.
-- A trade from the future (a wrong clock at a venue) must not move the window there.
SELECT
    now() AS read_at,
    (SELECT "timestamp" FROM trades WHERE "timestamp" <= now() + interval '1 minute'
     ORDER BY "timestamp" DESC LIMIT 1) AS newest_trade,
    least(
        (SELECT "timestamp" FROM trades ORDER BY "timestamp" LIMIT 1),
        (SELECT window_start FROM stock_metrics ORDER BY window_start LIMIT 1)
    ) AS first_trade,
    (SELECT window_end FROM stock_metrics WHERE window_start <= now() + interval '1 minute'
     ORDER BY window_start DESC LIMIT 1) AS candles_end

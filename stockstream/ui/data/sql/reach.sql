-- What there is: the newest and the first trade, and where the candles end; for each symbol one step in
-- its index, in the last day if it traded there. (There is no index over the time of all trades: it
-- would cost each insert, and a sort of a whole day costs each look.)
-- A job that has read the topic and holds no connection now is reported as absent (Flink stands in for the aggregator).
-- A trade from the future (a wrong clock at a venue) must not move the window there.
SELECT
    now() AS read_at,
    max(newest."timestamp") AS newest_trade,
    least(
        min(oldest."timestamp"),
        (SELECT window_start FROM stock_metrics ORDER BY window_start LIMIT 1)
    ) AS first_trade,
    (SELECT window_end FROM stock_metrics WHERE window_start <= now() + interval '1 minute'
     ORDER BY window_start DESC LIMIT 1) AS candles_end,
    ARRAY(
        SELECT DISTINCT o.job FROM ingest_offsets AS o
        WHERE o.job IN ('consumer', 'aggregator', 'detector') AND NOT EXISTS (
            SELECT FROM pg_stat_activity AS s
            WHERE s.datname = current_database() AND (
                s.application_name = 'stockstream ' || o.job
                OR (o.job = 'aggregator' AND s.application_name = 'stockstream flink')
            )
        )
        ORDER BY o.job
    ) AS absent
FROM unnest(%(symbols)s::text[]) AS asked (symbol)
CROSS JOIN LATERAL (
    SELECT coalesce(
        (SELECT t."timestamp" FROM trades AS t
         WHERE t.symbol = asked.symbol
             AND t."timestamp" BETWEEN now() - interval '1 day' AND now() + interval '1 minute'
         ORDER BY t."timestamp" DESC LIMIT 1),
        (SELECT t."timestamp" FROM trades AS t
         WHERE t.symbol = asked.symbol AND t."timestamp" <= now() + interval '1 minute'
         ORDER BY t."timestamp" DESC LIMIT 1)
    ) AS "timestamp"
) AS newest
CROSS JOIN LATERAL (
    SELECT t."timestamp" FROM trades AS t
    WHERE t.symbol = asked.symbol ORDER BY t."timestamp" LIMIT 1
) AS oldest

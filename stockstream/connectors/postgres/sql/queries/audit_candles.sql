-- Candles of a span beside plain SQL over all stored trades of their minutes: how many are reconciled, how many
-- minutes wait, and the candles that are wrong: one that differs in any column, and none at all.
WITH held AS (
    SELECT * FROM stock_metrics WHERE window_start >= %(start)s AND window_start < %(end)s
), waiting AS (
    SELECT symbol, window_start FROM unreconciled_minutes WHERE window_start >= %(start)s AND window_start < %(end)s
    UNION
    SELECT symbol, window_start FROM touched_minutes WHERE window_start >= %(start)s AND window_start < %(end)s
    UNION
    SELECT symbol, window_start FROM held WHERE reconciled_at IS NULL
), truth AS (
    SELECT
        symbol, date_trunc('minute', "timestamp", 'UTC') AS window_start, count(*) AS trade_count,
        sum(price) AS price_sum, avg(price) AS avg_price, min(price) FILTER (WHERE updates_last) AS min_price,
        max(price) FILTER (WHERE updates_last) AS max_price,
        sum(volume) AS total_volume, sum(price * volume) AS total_value,
        (array_agg(price ORDER BY "timestamp", kafka_partition, kafka_offset) FILTER (WHERE updates_last))[1] AS open,
        (array_agg(price ORDER BY "timestamp" DESC, kafka_partition DESC, kafka_offset DESC)
            FILTER (WHERE updates_last))[1] AS close,
        sum(price * volume) / sum(volume) AS vwap,
        coalesce(sum(volume) FILTER (WHERE trade_type = 'BUY'), 0) AS buy_volume,
        coalesce(sum(volume) FILTER (WHERE trade_type = 'SELL'), 0) AS sell_volume
    FROM trades
    WHERE "timestamp" >= %(start)s AND "timestamp" < %(end)s AND corrected_at IS NULL
    GROUP BY 1, 2
), judged AS (
    SELECT
        symbol, window_start, waiting.symbol IS NOT NULL AS waits,
        CASE
            WHEN waiting.symbol IS NOT NULL THEN NULL
            WHEN held.symbol IS NULL THEN format('no candle of %%s trades', truth.trade_count)
            WHEN held.trade_count IS DISTINCT FROM truth.trade_count
                THEN format('%%s trades, stored are %%s', held.trade_count, coalesce(truth.trade_count, 0))
            WHEN (
                held.price_sum, held.avg_price, held.min_price, held.max_price, held.total_volume, held.total_value,
                held.open, held.close, held.vwap, held.buy_volume, held.sell_volume, held.is_final,
                held.window_end
            ) IS DISTINCT FROM (
                truth.price_sum, truth.avg_price, truth.min_price, truth.max_price, truth.total_volume,
                truth.total_value, truth.open, truth.close, truth.vwap, truth.buy_volume, truth.sell_volume, true,
                window_start + interval '1 minute'
            ) THEN 'another value than SQL over its trades'
        END AS fault
    FROM held FULL JOIN truth USING (symbol, window_start) LEFT JOIN waiting USING (symbol, window_start)
)
SELECT
    count(*) FILTER (WHERE NOT waits), count(*) FILTER (WHERE waits AND window_start <= now() - interval '1 minute'),
    count(fault),
    (array_agg(format('%%s %%s: %%s', symbol, to_char(window_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), fault)
               ORDER BY window_start, symbol) FILTER (WHERE fault IS NOT NULL))[1:5]
FROM judged

-- Candles of a span beside plain SQL over its trades: how many are final, and those that are wrong: one that
-- counts other trades than there are, one without late trades that differs in any column, and none at all.
WITH held AS (
    SELECT * FROM stock_metrics WHERE window_start >= %(start)s AND window_start < %(end)s
), truth AS (
    SELECT
        symbol, date_trunc('minute', "timestamp", 'UTC') AS window_start, count(*) AS trade_count,
        avg(price) AS avg_price, min(price) AS min_price, max(price) AS max_price,
        sum(volume) AS total_volume, sum(price * volume) AS total_value,
        (array_agg(price ORDER BY "timestamp", kafka_partition, kafka_offset))[1] AS open,
        (array_agg(price ORDER BY "timestamp" DESC, kafka_partition DESC, kafka_offset DESC))[1] AS close,
        sum(price * volume) / sum(volume) AS vwap,
        coalesce(sum(volume) FILTER (WHERE trade_type = 'BUY'), 0) AS buy_volume,
        coalesce(sum(volume) FILTER (WHERE trade_type = 'SELL'), 0) AS sell_volume
    FROM trades
    WHERE "timestamp" >= %(start)s AND "timestamp" < %(end)s
    GROUP BY 1, 2
), judged AS (
    SELECT
        symbol, window_start, coalesce(held.is_final, false) AS is_final,
        CASE
            WHEN held.symbol IS NULL THEN format('no candle of %%s trades', truth.trade_count)
            WHEN NOT held.is_final THEN NULL
            WHEN held.trade_count + held.late_trades <> coalesce(truth.trade_count, 0)
                THEN format('%%s trades and %%s late ones, stored are %%s',
                            held.trade_count, held.late_trades, coalesce(truth.trade_count, 0))
            WHEN held.late_trades = 0 AND (
                held.avg_price, held.min_price, held.max_price, held.total_volume, held.total_value, held.open,
                held.close, held.vwap, held.buy_volume, held.sell_volume
            ) IS DISTINCT FROM (
                truth.avg_price, truth.min_price, truth.max_price, truth.total_volume, truth.total_value, truth.open,
                truth.close, truth.vwap, truth.buy_volume, truth.sell_volume
            ) THEN 'another value than SQL over its trades'
        END AS fault
    FROM held FULL JOIN truth USING (symbol, window_start)
)
SELECT
    count(*) FILTER (WHERE is_final), coalesce(sum((fault IS NOT NULL)::integer), 0)::bigint,
    (array_agg(format('%%s %%s: %%s', symbol, to_char(window_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), fault)
               ORDER BY window_start, symbol) FILTER (WHERE fault IS NOT NULL))[1:5]
FROM judged

-- What plain SQL over the raw trades makes of a tape: each trade once, at its first place; late is one
-- whose window had been passed by its partition's watermark, by more than the allowed lateness, before
-- it came. Times ahead of the clock move no watermark.
WITH placed AS (
    SELECT raw.*,
        date_bin('60 seconds', "timestamp", '1970-01-01Z') AS window_start,
        max("timestamp") FILTER (WHERE "timestamp" <= %(now)s) OVER (
            PARTITION BY kafka_partition ORDER BY kafka_offset ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS watermark,
        row_number() OVER (
            PARTITION BY source, symbol, trade_id ORDER BY kafka_partition, kafka_offset
        ) AS appearance
    FROM raw
), judged AS (
    SELECT placed.*, coalesce(watermark >= window_start + interval '60 seconds' + %(lateness)s, false) AS is_late
    FROM placed
    WHERE appearance = 1
)
SELECT symbol, window_start, window_start + interval '60 seconds' AS window_end,
    count(*) FILTER (WHERE NOT is_late) AS trade_count,
    count(*) FILTER (WHERE is_late) AS late_trades,
    avg(price) FILTER (WHERE NOT is_late) AS avg_price,
    min(price) FILTER (WHERE NOT is_late) AS min_price,
    max(price) FILTER (WHERE NOT is_late) AS max_price,
    coalesce(sum(volume) FILTER (WHERE NOT is_late), 0) AS total_volume,
    coalesce(sum(price * volume) FILTER (WHERE NOT is_late), 0) AS total_value,
    (array_agg(price ORDER BY "timestamp", kafka_partition, kafka_offset)
        FILTER (WHERE NOT is_late))[1] AS open,
    (array_agg(price ORDER BY "timestamp" DESC, kafka_partition DESC, kafka_offset DESC)
        FILTER (WHERE NOT is_late))[1] AS close,
    sum(price * volume) FILTER (WHERE NOT is_late) / sum(volume) FILTER (WHERE NOT is_late) AS vwap,
    coalesce(sum(volume) FILTER (WHERE NOT is_late AND trade_type = 'BUY'), 0) AS buy_volume,
    coalesce(sum(volume) FILTER (WHERE NOT is_late AND trade_type = 'SELL'), 0) AS sell_volume,
    window_start + interval '60 seconds' <= %(now)s AS is_final
FROM judged
GROUP BY symbol, window_start

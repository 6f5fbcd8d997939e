-- What plain SQL over the raw trades makes of a tape: each trade once, at its first place.
WITH once AS (
    SELECT raw.*,
        date_bin('60 seconds', "timestamp", '1970-01-01Z') AS window_start,
        row_number() OVER (
            PARTITION BY source, symbol, trade_id ORDER BY kafka_partition, kafka_offset
        ) AS appearance
    FROM raw
)
SELECT symbol, window_start, window_start + interval '60 seconds' AS window_end,
    count(*) AS trade_count, avg(price) AS avg_price, min(price) FILTER (WHERE updates_last) AS min_price,
    max(price) FILTER (WHERE updates_last) AS max_price,
    sum(volume) AS total_volume, sum(price * volume) AS total_value,
    (array_agg(price ORDER BY "timestamp", kafka_partition, kafka_offset) FILTER (WHERE updates_last))[1] AS open,
    (array_agg(price ORDER BY "timestamp" DESC, kafka_partition DESC, kafka_offset DESC)
        FILTER (WHERE updates_last))[1] AS close,
    sum(price * volume) / sum(volume) AS vwap,
    coalesce(sum(volume) FILTER (WHERE trade_type = 'BUY'), 0) AS buy_volume,
    coalesce(sum(volume) FILTER (WHERE trade_type = 'SELL'), 0) AS sell_volume,
    window_start + interval '60 seconds' <= %(now)s AS is_final
FROM once
WHERE appearance = 1
GROUP BY symbol, window_start

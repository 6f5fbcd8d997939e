-- The candles of stock_metrics, a row for each symbol and minute, as they form. It follows flink_source.sql.

-- Trades are gathered for a moment, so that a busy minute is a few changes a second and not one a trade.
SET 'table.exec.mini-batch.enabled' = 'true';
SET 'table.exec.mini-batch.allow-latency' = '100 ms';
SET 'table.exec.mini-batch.size' = '50000';
SET 'execution.buffer-timeout.interval' = '20 ms';

CREATE TEMPORARY TABLE candles (
    symbol STRING,
    window_start TIMESTAMP(3),
    window_end TIMESTAMP(3),
    trade_count BIGINT,
    avg_price DOUBLE,
    min_price DOUBLE,
    max_price DOUBLE,
    total_volume DOUBLE,
    total_value DOUBLE,
    `open` DOUBLE,
    `close` DOUBLE,
    vwap DOUBLE,
    buy_volume DOUBLE,
    sell_volume DOUBLE,
    PRIMARY KEY (symbol, window_start) NOT ENFORCED
) WITH (
    'connector' = 'jdbc',
    'url' = '${JDBC_URL}${JDBC_TLS}',
    'table-name' = 'stock_metrics',
    'username' = '${POSTGRES_USER}',
    'password' = '${POSTGRES_PASSWORD}',
    'sink.buffer-flush.interval' = '100 ms',
    'sink.buffer-flush.max-rows' = '2000'
);

-- Each trade counts in its own minute, however late it comes. Open and close are those of arrival. Repeats
-- count too. The reconciler makes a candle equal to the tape when its minute is over.
INSERT INTO candles
SELECT symbol, CAST(started AS TIMESTAMP(3)), CAST(started + INTERVAL '1' MINUTE AS TIMESTAMP(3)),
    COUNT(*), AVG(price), MIN(moved_to), MAX(moved_to), SUM(volume), SUM(price * volume),
    FIRST_VALUE(moved_to), LAST_VALUE(moved_to), SUM(price * volume) / SUM(volume),
    SUM(CASE trade_type WHEN 'BUY' THEN volume ELSE 0 END),
    SUM(CASE trade_type WHEN 'SELL' THEN volume ELSE 0 END)
FROM (
    -- What does not move the last price is in the sums alone.
    SELECT *, FLOOR(`timestamp` TO MINUTE) AS started, CASE WHEN COALESCE(updates_last, TRUE) THEN price END AS moved_to
    FROM messages
    WHERE may_be_trade
)
GROUP BY symbol, started;

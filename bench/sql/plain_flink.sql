-- Candles as anybody would write them first: typed JSON, a window of Flink's own, its usual settings.

SET 'pipeline.name' = '${JOB_NAME}';
SET 'parallelism.default' = '${PARALLELISM}';
SET 'table.local-time-zone' = 'UTC';
SET 'execution.checkpointing.interval' = '${CHECKPOINT_INTERVAL}';

CREATE TEMPORARY TABLE messages (
    `timestamp` TIMESTAMP_LTZ(3),
    symbol STRING,
    price DOUBLE,
    volume DOUBLE,
    WATERMARK FOR `timestamp` AS `timestamp` - INTERVAL '${LATENESS}' SECOND
) WITH (
    'connector' = 'kafka',
    'topic' = '${KAFKA_TOPIC}',
    'properties.bootstrap.servers' = '${KAFKA_BOOTSTRAP_SERVERS}',
${KAFKA_SECURITY}    'properties.group.id' = 'plain-flink',
    'scan.startup.mode' = 'earliest-offset',
    'format' = 'json',
    'json.timestamp-format.standard' = 'ISO-8601'
);

CREATE TEMPORARY TABLE candles (
    symbol STRING,
    window_start TIMESTAMP(3),
    trade_count BIGINT,
    total_volume DOUBLE,
    total_value DOUBLE,
    min_price DOUBLE,
    max_price DOUBLE,
    PRIMARY KEY (symbol, window_start) NOT ENFORCED
) WITH (
    'connector' = 'jdbc',
    'url' = '${JDBC_URL}${JDBC_TLS}',
    'table-name' = 'plain_candles',
    'username' = '${POSTGRES_USER}',
    'password' = '${POSTGRES_PASSWORD}'
);

INSERT INTO candles
SELECT symbol, window_start, COUNT(*), SUM(volume), SUM(price * volume), MIN(price), MAX(price)
FROM TABLE(TUMBLE(TABLE messages, DESCRIPTOR(`timestamp`), INTERVAL '1' MINUTE))
GROUP BY symbol, window_start, window_end;

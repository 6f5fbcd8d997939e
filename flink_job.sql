-- The candles of stock_metrics, and price ramps and reversals, by Apache Flink. docs/flink.md explains it.
-- flink_processor.py fills in the names in braces, from the settings and its options.

SET 'pipeline.name' = '${JOB_NAME}';
SET 'parallelism.default' = '${PARALLELISM}';
SET 'table.local-time-zone' = 'UTC';
-- What several statements read is worked out once.
SET 'table.optimizer.reuse-optimize-block-with-digest-enabled' = 'true';

-- A job that fails goes on from its last checkpoint, by itself, for as long as a server is away.
SET 'execution.checkpointing.interval' = '${CHECKPOINT_INTERVAL}';
SET 'execution.checkpointing.externalized-checkpoint-retention' = 'RETAIN_ON_CANCELLATION';
SET 'restart-strategy.type' = 'exponential-delay';
SET 'restart-strategy.exponential-delay.max-backoff' = '30 s';

-- Hours of trades, each known by its id, are more than a heap holds: they lie on disk, and a checkpoint writes
-- what is new.
SET 'state.backend.type' = 'rocksdb';
SET 'execution.checkpointing.incremental' = 'true';
-- Most trades come once: that one is new is told without a look at the disk.
SET 'state.backend.rocksdb.use-bloom-filter' = 'true';

-- Flink's mini-batches stay off: with them, leaving out repeats gives corrections, which no pattern takes.
-- The sink gathers the changes of a candle instead, so that a busy minute is not one row a trade.

-- So long a trade is known for its repeats, and a candle for its changes, after the last one.
SET 'table.exec.state.ttl' = '${MEMORY}';

-- Amounts are read as text: a number of JSON would go through a float. What is no message gives a row of
-- nulls, which the checks below leave out; the consumer keeps it as a dead letter.
CREATE TEMPORARY TABLE messages (
    trade_id STRING,
    `timestamp` STRING,
    symbol STRING,
    price STRING,
    volume STRING,
    trade_type STRING,
    source STRING,
    anomaly STRING,
    `partition` INT METADATA VIRTUAL,
    `offset` BIGINT METADATA VIRTUAL,
    arrived AS PROCTIME(),
    -- RAND_INTEGER(1) is always 0: Flink works out again and again what it could merge into its uses, but not
    -- what might differ each time.
    happened AS TO_TIMESTAMP_LTZ(CASE
        WHEN RAND_INTEGER(1) = 0 AND REGEXP(`timestamp`, '\A[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):?[0-5][0-9])\z')
        THEN (
            TIMESTAMPDIFF(DAY, DATE '1970-01-01', TRY_CAST(SUBSTRING(`timestamp`, 1, 10) AS DATE)) * CAST(86400 AS BIGINT)
            + CAST(SUBSTRING(`timestamp`, 12, 2) AS INT) * 3600
            + CAST(SUBSTRING(`timestamp`, 15, 2) AS INT) * 60
            + CAST(SUBSTRING(`timestamp`, 18, 2) AS INT)
            - CASE
                WHEN SUBSTRING(`timestamp`, CHAR_LENGTH(`timestamp`)) IN ('Z', 'z') THEN 0
                ELSE CAST(REGEXP_EXTRACT(`timestamp`, '([+-][0-9]{2}):?[0-9]{2}\z', 1) AS INT) * 3600
                    + CAST(REGEXP_EXTRACT(`timestamp`, '([+-])[0-9]{2}:?([0-9]{2})\z', 1)
                        || REGEXP_EXTRACT(`timestamp`, '[+-][0-9]{2}:?([0-9]{2})\z', 1) AS INT) * 60
              END
        ) * 1000 + (CASE
            -- As producers spell it; to take a pattern apart is dear.
            WHEN CHAR_LENGTH(`timestamp`) = 27 AND SUBSTRING(`timestamp`, 27) = 'Z' THEN CAST(SUBSTRING(`timestamp`, 21, 6) AS INT) * 10
            ELSE CAST(RPAD(COALESCE(REGEXP_EXTRACT(`timestamp`, '[.]([0-9]{1,7})', 1), '0'), 7, '0') AS INT)
          END + 5) / 10000
    END, 3),
    -- A time far ahead of the clock moves no watermark.
    WATERMARK FOR happened AS CASE
        WHEN happened <= CURRENT_TIMESTAMP + INTERVAL '60' SECOND THEN happened - INTERVAL '${LATENESS}' SECOND
    END
) WITH (
    'connector' = 'kafka',
    'topic' = '${KAFKA_TOPIC}',
    'properties.bootstrap.servers' = '${KAFKA_BOOTSTRAP_SERVERS}',
${KAFKA_SECURITY}    'properties.group.id' = 'stockstream-flink',
    'properties.isolation.level' = 'read_committed',
    'scan.startup.mode' = 'earliest-offset',
    'scan.watermark.idle-timeout' = '3 s',
    'format' = 'json',
    'json.ignore-parse-errors' = 'true'
);

-- Amounts as decimals; 16 decimals show whether there are more than the 8 that a message may have,
-- which are 18 digits at most by value.
CREATE TEMPORARY VIEW amounts AS
SELECT *,
    CASE WHEN RAND_INTEGER(1) = 0 THEN EXTRACT(EPOCH FROM happened) * 1000000 + MOD((CASE
        WHEN CHAR_LENGTH(`timestamp`) = 27 AND SUBSTRING(`timestamp`, 27) = 'Z' THEN CAST(SUBSTRING(`timestamp`, 21, 6) AS INT) * 10
        ELSE CAST(RPAD(COALESCE(REGEXP_EXTRACT(`timestamp`, '[.]([0-9]{1,7})', 1), '0'), 7, '0') AS INT)
    END + 5) / 10, 1000000) END AS micros,
    CASE WHEN RAND_INTEGER(1) = 0 THEN TRY_CAST(price AS DECIMAL(34, 16)) END AS price_read,
    CASE WHEN RAND_INTEGER(1) = 0 THEN TRY_CAST(volume AS DECIMAL(34, 16)) END AS volume_read
FROM messages
WHERE REGEXP(price, '\A[0-9]+([.][0-9]+)?([eE][+-]?[0-9]{1,3})?\z')
    AND REGEXP(volume, '\A[0-9]+([.][0-9]+)?([eE][+-]?[0-9]{1,3})?\z')
    AND happened >= TO_TIMESTAMP_LTZ(0, 3) AND happened < TO_TIMESTAMP_LTZ(7258118400000, 3)
    AND REGEXP(trade_id, '\A[^\x00-\x1f\x7f]{1,64}\z')
    AND REGEXP(symbol, '\A[A-Z0-9./_-]{1,20}\z')
    AND trade_type IN ('BUY', 'SELL')
    AND REGEXP(COALESCE(source, 'unknown'), '\A[^\x00-\x1f\x7f]{1,64}\z')
    AND REGEXP(COALESCE(anomaly, 'none'), '\A[^\x00-\x1f\x7f]{1,64}\z');

-- What is a trade: an amount as a whole number and a part in units of 10^-8, both exact in 64 bits.
CREATE TEMPORARY VIEW trades AS
SELECT symbol, COALESCE(source, 'unknown') AS source, trade_id, trade_type = 'BUY' AS is_buy,
    CAST(price_read AS DECIMAL(26, 8)) AS price,
    CAST(FLOOR(price_read) AS BIGINT) AS price_whole,
    CAST((CAST(price_read AS DECIMAL(26, 8)) - CAST(FLOOR(price_read) AS DECIMAL(18, 0))) * CAST(100000000 AS DECIMAL(9, 0)) AS BIGINT)
        AS price_part,
    CAST(FLOOR(volume_read) AS BIGINT) AS volume_whole,
    CAST((CAST(volume_read AS DECIMAL(26, 8)) - CAST(FLOOR(volume_read) AS DECIMAL(18, 0))) * CAST(100000000 AS DECIMAL(9, 0)) AS BIGINT)
        AS volume_part,
    micros, micros / 60000000 AS `minute`, happened, arrived, `partition`, `offset`
FROM amounts
WHERE price_read > 0 AND price_read < 1000000000000000000
    AND volume_read > 0 AND volume_read < 1000000000000000000
    AND price_read = CAST(price_read AS DECIMAL(26, 8))
    AND (CHAR_LENGTH(price) <= 18
        OR CHAR_LENGTH(TRIM(LEADING '0' FROM REPLACE(TRIM(TRAILING '0' FROM CAST(price_read AS STRING)), '.', ''))) <= 18)
    AND volume_read = CAST(volume_read AS DECIMAL(26, 8))
    AND (CHAR_LENGTH(volume) <= 18
        OR CHAR_LENGTH(TRIM(LEADING '0' FROM REPLACE(TRIM(TRAILING '0' FROM CAST(volume_read AS STRING)), '.', ''))) <= 18);

-- How far its partition had come when a trade arrived: kept in the job's state, so that a restart makes
-- no trade late, or in time, that was not. (The watermark of Flink begins anew with each restart.)
CREATE TEMPORARY VIEW placed AS
SELECT symbol, source, trade_id, is_buy, price, price_whole, price_part, volume_whole, volume_part,
    micros, `minute`, happened, arrived, `partition`, `offset`,
    MAX(CASE WHEN happened <= CURRENT_TIMESTAMP + INTERVAL '60' SECOND THEN micros END) OVER (
        PARTITION BY `partition` ORDER BY arrived ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS reached
FROM trades;

-- Each trade once, at its first place.
CREATE TEMPORARY VIEW tape AS
SELECT symbol, source, trade_id, is_buy, price, price_whole, price_part, volume_whole, volume_part,
    micros, `minute`, happened, `partition`, `offset`,
    COALESCE(reached >= (`minute` + 1) * 60000000 + ${LATENESS_MICROS}, FALSE) AS is_late
FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY source, symbol, trade_id ORDER BY arrived) AS appearance
    FROM placed
)
WHERE appearance = 1;

-- A trade with its digits after the point, and its amounts in pieces of nine digits for the products.
CREATE TEMPORARY VIEW pieces AS
SELECT symbol, `minute`, is_buy, is_late, price, price_whole, price_part, volume_whole, volume_part,
    CHAR_LENGTH(TRIM(TRAILING '0' FROM LPAD(CAST(price_part AS STRING), 8, '0'))) AS price_scale,
    CHAR_LENGTH(TRIM(TRAILING '0' FROM LPAD(CAST(volume_part AS STRING), 8, '0'))) AS volume_scale,
    price_whole / 1000000000 AS p9, CAST(MOD(price_whole, 1000000000) AS BIGINT) AS p0,
    volume_whole / 1000000000 AS v9, CAST(MOD(volume_whole, 1000000000) AS BIGINT) AS v0,
    LPAD(CAST(micros AS STRING), 16, '0') || LPAD(CAST(`partition` AS STRING), 6, '0')
        || LPAD(CAST(`offset` AS STRING), 19, '0')
        || CAST(price_whole AS STRING) || LPAD(CAST(price_part AS STRING), 8, '0') AS place
FROM tape;

CREATE TEMPORARY TABLE candles (
    symbol STRING, `minute` BIGINT, trade_count BIGINT, late_trades BIGINT,
    low DECIMAL(26, 8), high DECIMAL(26, 8),
    price_whole DECIMAL(38, 0), price_part BIGINT, price_scale INT,
    volume_whole DECIMAL(38, 0), volume_part BIGINT, volume_scale INT,
    buy_whole DECIMAL(38, 0), buy_part BIGINT,
    value_18 DECIMAL(38, 0), value_9 DECIMAL(38, 0), value_0 DECIMAL(38, 0),
    value_part_9 DECIMAL(38, 0), value_part DECIMAL(38, 0), value_tiny DECIMAL(38, 0), value_scale INT,
    opening STRING, closing STRING,
    PRIMARY KEY (symbol, `minute`) NOT ENFORCED
) WITH (
    'connector' = 'jdbc',
    'url' = '${JDBC_URL}${JDBC_TLS}',
    'table-name' = 'flink_candles',
    'username' = '${POSTGRES_USER}',
    'password' = '${POSTGRES_PASSWORD}',
    'sink.buffer-flush.interval' = '200 ms',
    'sink.buffer-flush.max-rows' = '2000'
);

CREATE TEMPORARY TABLE closings (
    symbol STRING, `minute` BIGINT, PRIMARY KEY (symbol, `minute`) NOT ENFORCED
) WITH (
    'connector' = 'jdbc',
    'url' = '${JDBC_URL}${JDBC_TLS}',
    'table-name' = 'flink_closings',
    'username' = '${POSTGRES_USER}',
    'password' = '${POSTGRES_PASSWORD}',
    'sink.buffer-flush.interval' = '200 ms'
);

-- A second hand: with each row PostgreSQL closes what is due.
CREATE TEMPORARY TABLE seconds (tick BIGINT) WITH (
    'connector' = 'datagen', 'rows-per-second' = '1', 'fields.tick.kind' = 'random'
);

CREATE TEMPORARY TABLE ticks (tick BIGINT) WITH (
    'connector' = 'jdbc',
    'url' = '${JDBC_URL}${JDBC_TLS}',
    'table-name' = 'flink_ticks',
    'username' = '${POSTGRES_USER}',
    'password' = '${POSTGRES_PASSWORD}',
    'sink.buffer-flush.max-rows' = '1',
    'sink.parallelism' = '1'
);

CREATE TEMPORARY TABLE findings (
    symbol STRING, kind STRING, source STRING, span_start BIGINT, span_end BIGINT, trades BIGINT,
    from_price DECIMAL(26, 8), turn_price DECIMAL(26, 8), to_price DECIMAL(26, 8), threshold DECIMAL(10, 4),
    PRIMARY KEY (symbol, kind, source, span_start) NOT ENFORCED
) WITH (
    'connector' = 'jdbc',
    'url' = '${JDBC_URL}${JDBC_TLS}',
    'table-name' = 'flink_findings',
    'username' = '${POSTGRES_USER}',
    'password' = '${POSTGRES_PASSWORD}',
    'sink.buffer-flush.interval' = '200 ms'
);

EXECUTE STATEMENT SET BEGIN

-- The candles, as they form. A late trade beyond the lateness is only counted.
INSERT INTO candles
SELECT symbol, `minute`,
    COUNT(*) FILTER (WHERE NOT is_late),
    COUNT(*) FILTER (WHERE is_late),
    MIN(price) FILTER (WHERE NOT is_late),
    MAX(price) FILTER (WHERE NOT is_late),
    COALESCE(SUM(CAST(price_whole AS DECIMAL(20, 0))) FILTER (WHERE NOT is_late), 0),
    COALESCE(SUM(price_part) FILTER (WHERE NOT is_late), 0),
    MAX(price_scale) FILTER (WHERE NOT is_late),
    COALESCE(SUM(CAST(volume_whole AS DECIMAL(20, 0))) FILTER (WHERE NOT is_late), 0),
    COALESCE(SUM(volume_part) FILTER (WHERE NOT is_late), 0),
    MAX(volume_scale) FILTER (WHERE NOT is_late),
    COALESCE(SUM(CAST(volume_whole AS DECIMAL(20, 0))) FILTER (WHERE NOT is_late AND is_buy), 0),
    COALESCE(SUM(volume_part) FILTER (WHERE NOT is_late AND is_buy), 0),
    COALESCE(SUM(CAST(p9 * v9 AS DECIMAL(20, 0))) FILTER (WHERE NOT is_late), 0),
    COALESCE(SUM(CAST(p9 * v0 + p0 * v9 AS DECIMAL(20, 0))) FILTER (WHERE NOT is_late), 0),
    COALESCE(SUM(CAST(p0 * v0 AS DECIMAL(20, 0))) FILTER (WHERE NOT is_late), 0),
    COALESCE(SUM(CAST(p9 * volume_part + v9 * price_part AS DECIMAL(20, 0))) FILTER (WHERE NOT is_late), 0),
    COALESCE(SUM(CAST(p0 * volume_part + v0 * price_part AS DECIMAL(20, 0))) FILTER (WHERE NOT is_late), 0),
    COALESCE(SUM(CAST(price_part * volume_part AS DECIMAL(20, 0))) FILTER (WHERE NOT is_late), 0),
    MAX(price_scale + volume_scale) FILTER (WHERE NOT is_late),
    MIN(place) FILTER (WHERE NOT is_late),
    MAX(place) FILTER (WHERE NOT is_late)
FROM pieces
GROUP BY symbol, `minute`;

-- The minutes that the watermark has passed.
INSERT INTO closings
SELECT symbol, (UNIX_TIMESTAMP(CAST(window_start AS STRING)) / 60) AS `minute`
FROM TABLE(TUMBLE(TABLE tape, DESCRIPTOR(happened), INTERVAL '1' MINUTE))
WHERE NOT is_late
GROUP BY symbol, window_start, window_end;

INSERT INTO ticks SELECT tick FROM seconds;

-- Ramps: trades in a row that each move the price further one way.
INSERT INTO findings
SELECT symbol, 'price_ramp', source, span_start, span_end, trades, from_price, to_price, to_price,
    CAST(${RAMP_PERCENT} AS DECIMAL(10, 4))
FROM tape MATCH_RECOGNIZE (
    PARTITION BY symbol, source
    ORDER BY happened, micros, `partition`, `offset`
    MEASURES
        A.micros AS span_start, LAST(M.micros) AS span_end, COUNT(M.price) + 2 AS trades,
        A.price AS from_price, LAST(M.price) AS to_price
    ONE ROW PER MATCH
    AFTER MATCH SKIP PAST LAST ROW
    PATTERN (A B M{${RAMP_TRADES},} E) WITHIN INTERVAL '5' MINUTE
    DEFINE
        B AS B.price <> A.price,
        M AS CASE WHEN B.price > A.price
            THEN M.price > COALESCE(LAST(M.price, 1), B.price)
            ELSE M.price < COALESCE(LAST(M.price, 1), B.price) END,
        E AS CASE WHEN B.price > A.price THEN E.price <= LAST(M.price) ELSE E.price >= LAST(M.price) END
            AND ABS(LAST(M.price) - A.price) * 100 >= A.price * ${RAMP_PERCENT}
);

-- Reversals: a ramp, and at its end one back.
INSERT INTO findings
SELECT symbol, 'price_reversal', source, span_start, span_end, trades, from_price, turn_price, to_price,
    CAST(${REVERSAL_PERCENT} AS DECIMAL(10, 4))
FROM tape MATCH_RECOGNIZE (
    PARTITION BY symbol, source
    ORDER BY happened, micros, `partition`, `offset`
    MEASURES
        A.micros AS span_start, LAST(R.micros) AS span_end,
        COUNT(M.price) + COUNT(R.price) + 2 AS trades,
        A.price AS from_price, LAST(M.price) AS turn_price, LAST(R.price) AS to_price
    ONE ROW PER MATCH
    AFTER MATCH SKIP PAST LAST ROW
    PATTERN (A B M{${REVERSAL_TRADES},} R{${REVERSAL_TRADES},} E) WITHIN INTERVAL '5' MINUTE
    DEFINE
        B AS B.price <> A.price,
        M AS CASE WHEN B.price > A.price
            THEN M.price > COALESCE(LAST(M.price, 1), B.price)
            ELSE M.price < COALESCE(LAST(M.price, 1), B.price) END,
        R AS CASE WHEN B.price > A.price
            THEN R.price < COALESCE(LAST(R.price, 1), LAST(M.price))
            ELSE R.price > COALESCE(LAST(R.price, 1), LAST(M.price)) END,
        E AS CASE WHEN B.price > A.price THEN E.price >= LAST(R.price) ELSE E.price <= LAST(R.price) END
            AND ABS(LAST(M.price) - A.price) * 100 >= A.price * ${REVERSAL_PERCENT}
            AND ABS(LAST(R.price) - LAST(M.price)) * 100 >= LAST(M.price) * ${REVERSAL_PERCENT}
);

END;

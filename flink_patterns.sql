-- Price ramps and reversals within five minutes, each a row of anomalies. It follows flink_source.sql.

-- The same messages with what tells a repeat, and in the order of their event time.
CREATE TEMPORARY TABLE named_messages (
    trade_id STRING,
    source STRING,
    arrived AS PROCTIME(),
    happened AS CAST(`timestamp` AS TIMESTAMP_LTZ(3)),
    -- A trade far ahead of the clock moves no watermark.
    WATERMARK FOR happened AS CASE
        WHEN happened < CURRENT_TIMESTAMP + INTERVAL '1' MINUTE THEN happened - INTERVAL '${LATENESS}' SECOND
    END
) WITH (
    'scan.watermark.idle-timeout' = '3 s'
) LIKE messages;

-- A finding comes with its span in microseconds since 1970; a trigger explains it in words.
CREATE TEMPORARY TABLE findings (
    symbol STRING,
    kind STRING,
    source STRING,
    span_start BIGINT,
    span_end BIGINT,
    trades BIGINT,
    from_price DOUBLE,
    turn_price DOUBLE,
    to_price DOUBLE,
    threshold DOUBLE,
    PRIMARY KEY (symbol, kind, source, span_start) NOT ENFORCED
) WITH (
    'connector' = 'jdbc',
    'url' = '${JDBC_URL}${JDBC_TLS}',
    'table-name' = 'flink_findings',
    'username' = '${POSTGRES_USER}',
    'password' = '${POSTGRES_PASSWORD}',
    'sink.buffer-flush.interval' = '200 ms'
);

-- Each trade once, at its first place. Changes are in percent, which a price of zero or less has none of.
CREATE TEMPORARY VIEW tape AS
SELECT symbol, source, price, happened,
    EXTRACT(EPOCH FROM `timestamp`) * 1000000 + EXTRACT(MICROSECOND FROM `timestamp`) AS micros
FROM (
    SELECT symbol, COALESCE(source, 'unknown') AS source, price, happened, `timestamp`,
        ROW_NUMBER() OVER (PARTITION BY COALESCE(source, 'unknown'), symbol, trade_id ORDER BY arrived) AS appearance
    FROM named_messages
    WHERE may_be_trade AND price > 0 AND CHAR_LENGTH(trade_id) BETWEEN 1 AND 64
        AND REGEXP(COALESCE(source, 'unknown'), '\A[^\x00-\x1f\x7f]{1,64}\z')
)
WHERE appearance = 1;

EXECUTE STATEMENT SET BEGIN

-- Ramps: six trades in a row or more that each move the price further one way, by one percent together.
INSERT INTO findings
SELECT symbol, 'price_ramp', source, span_start, span_end, trades, from_price, to_price, to_price, 1.0
FROM tape MATCH_RECOGNIZE (
    PARTITION BY symbol, source
    ORDER BY happened, micros
    MEASURES
        A.micros AS span_start, LAST(M.micros) AS span_end, COUNT(M.price) + 2 AS trades,
        A.price AS from_price, LAST(M.price) AS to_price
    ONE ROW PER MATCH
    AFTER MATCH SKIP PAST LAST ROW
    PATTERN (A B M{4,} E) WITHIN INTERVAL '5' MINUTE
    DEFINE
        B AS B.price <> A.price,
        M AS CASE WHEN B.price > A.price
            THEN M.price > COALESCE(LAST(M.price, 1), B.price)
            ELSE M.price < COALESCE(LAST(M.price, 1), B.price) END,
        E AS CASE WHEN B.price > A.price THEN E.price <= LAST(M.price) ELSE E.price >= LAST(M.price) END
            AND ABS(LAST(M.price) / A.price - 1) >= 0.01
);

-- Reversals: five trades or more one way and three or more back, by half a percent each way.
INSERT INTO findings
SELECT symbol, 'price_reversal', source, span_start, span_end, trades, from_price, turn_price, to_price, 0.5
FROM tape MATCH_RECOGNIZE (
    PARTITION BY symbol, source
    ORDER BY happened, micros
    MEASURES
        A.micros AS span_start, LAST(R.micros) AS span_end, COUNT(M.price) + COUNT(R.price) + 2 AS trades,
        A.price AS from_price, LAST(M.price) AS turn_price, LAST(R.price) AS to_price
    ONE ROW PER MATCH
    AFTER MATCH SKIP PAST LAST ROW
    PATTERN (A B M{3,} R{3,} E) WITHIN INTERVAL '5' MINUTE
    DEFINE
        B AS B.price <> A.price,
        M AS CASE WHEN B.price > A.price
            THEN M.price > COALESCE(LAST(M.price, 1), B.price)
            ELSE M.price < COALESCE(LAST(M.price, 1), B.price) END,
        R AS CASE WHEN B.price > A.price
            THEN R.price < COALESCE(LAST(R.price, 1), LAST(M.price))
            ELSE R.price > COALESCE(LAST(R.price, 1), LAST(M.price)) END,
        E AS CASE WHEN B.price > A.price THEN E.price >= LAST(R.price) ELSE E.price <= LAST(R.price) END
            AND ABS(LAST(M.price) / A.price - 1) >= 0.005
            AND ABS(LAST(R.price) / LAST(M.price) - 1) >= 0.005
);

END;

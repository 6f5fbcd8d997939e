-- How a job of ours runs, and the topic as a table: flink_job.sql and flink_patterns.sql go on from here.
-- flink_processor.py fills in the names in braces, from the settings and its options. docs/flink.md explains it.

SET 'pipeline.name' = '${JOB_NAME}';
SET 'parallelism.default' = '${PARALLELISM}';
SET 'table.local-time-zone' = 'UTC';

-- A job that fails goes on from its last checkpoint, by itself, for as long as a server is away.
SET 'execution.checkpointing.interval' = '${CHECKPOINT_INTERVAL}';
SET 'execution.checkpointing.externalized-checkpoint-retention' = 'RETAIN_ON_CANCELLATION';
SET 'restart-strategy.type' = 'exponential-delay';
SET 'restart-strategy.exponential-delay.max-backoff' = '30 s';

-- State lies on disk, so that no backlog fills the heap, and goes when nothing has touched it for so long.
SET 'state.backend.type' = 'rocksdb';
SET 'execution.checkpointing.incremental' = 'true';
SET 'table.exec.state.ttl' = '2 h';

-- Rows go from one step of a chain to the next as they are, and are not copied for each.
SET 'pipeline.object-reuse' = 'true';

-- What is no JSON gives nothing, and what is no number or no time in UTC gives a null. A column costs each trade, also
-- where it is not asked for: only what the candles need is here.
CREATE TEMPORARY TABLE messages (
    `timestamp` TIMESTAMP_LTZ(6),
    symbol STRING,
    price DOUBLE,
    volume DOUBLE,
    trade_type STRING,
    updates_last BOOLEAN,
    corrects STRING,
    -- Whoever stores the trades judges each in full; this is so much that nothing stops a job.
    may_be_trade AS `timestamp` >= TO_TIMESTAMP_LTZ(0, 3) AND `timestamp` < TO_TIMESTAMP_LTZ(7258118400000, 3)
        AND REGEXP(symbol, '\A[A-Z0-9./_&^=:+-]{1,32}\z')
        AND price BETWEEN -1e18 AND 1e18
        AND volume > 0 AND volume <= 1e18
        AND COALESCE(trade_type, 'BUY') IN ('BUY', 'SELL')
        -- What a correction changes is the reconciler's to say.
        AND corrects IS NULL
) WITH (
    'connector' = 'kafka',
    'topic' = '${KAFKA_TOPIC}',
    'properties.bootstrap.servers' = '${KAFKA_BOOTSTRAP_SERVERS}',
${KAFKA_SECURITY}    'properties.group.id' = 'stockstream-flink',
    'properties.isolation.level' = 'read_committed',
    'scan.startup.mode' = 'earliest-offset',
    'format' = 'json',
    'json.timestamp-format.standard' = 'ISO-8601',
    'json.ignore-parse-errors' = 'true'
);


-- What the aggregator keeps between two runs, written in the transaction that writes its candles.

CREATE TABLE aggregator_marks (
    topic           text        NOT NULL,
    kafka_partition integer     NOT NULL,
    rewind_offset   bigint      NOT NULL,
    watermark       timestamptz,
    PRIMARY KEY (topic, kafka_partition)
);
COMMENT ON COLUMN aggregator_marks.rewind_offset IS 'read on from here to build the windows that are held';
COMMENT ON COLUMN aggregator_marks.watermark IS 'event time that the partition has reached; null before its first trade';

CREATE TABLE aggregator_symbols (
    topic           text        NOT NULL,
    kafka_partition integer     NOT NULL,
    symbol          text        NOT NULL,
    passed          timestamptz,
    PRIMARY KEY (topic, kafka_partition, symbol)
);
COMMENT ON COLUMN aggregator_symbols.passed IS 'of a symbol in several partitions: event time that had passed it';

CREATE TABLE late_arrivals (
    topic           text        NOT NULL,
    kafka_partition integer     NOT NULL,
    kafka_offset    bigint      NOT NULL,
    source          text        NOT NULL,
    symbol          text        NOT NULL,
    trade_id        text        NOT NULL,
    window_start    timestamptz NOT NULL,
    PRIMARY KEY (topic, kafka_partition, kafka_offset)
);
COMMENT ON TABLE late_arrivals IS 'late trades that wait until trades tells whether they are repeats';

CREATE TABLE early_trades (
    topic           text        NOT NULL,
    kafka_partition integer     NOT NULL,
    kafka_offset    bigint      NOT NULL,
    "timestamp"     timestamptz NOT NULL,
    symbol          text        NOT NULL,
    source          text        NOT NULL,
    trade_id        text        NOT NULL,
    price           numeric     NOT NULL,
    volume          numeric     NOT NULL,
    is_buy          boolean     NOT NULL,
    PRIMARY KEY (topic, kafka_partition, kafka_offset)
);
COMMENT ON TABLE early_trades IS 'trades far ahead of the clock: a restart finds them here and need not read back to them';

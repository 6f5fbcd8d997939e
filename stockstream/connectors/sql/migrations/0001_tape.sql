-- The tape: every trade once, what could not be read, and how far each job has read.

CREATE TABLE trades (
    trade_id        text        NOT NULL,
    "timestamp"     timestamptz NOT NULL,
    symbol          text        NOT NULL,
    price           numeric     NOT NULL CHECK (price > 0),
    volume          numeric     NOT NULL CHECK (volume > 0),
    trade_type      text        NOT NULL CHECK (trade_type IN ('BUY', 'SELL')),
    source          text        NOT NULL,
    anomaly         text,
    kafka_partition integer     NOT NULL,
    kafka_offset    bigint      NOT NULL,
    total_value     numeric     GENERATED ALWAYS AS (price * volume) STORED,
    is_anomaly      boolean     GENERATED ALWAYS AS (anomaly IS NOT NULL) STORED,
    CONSTRAINT trades_once UNIQUE (source, symbol, trade_id),
    CONSTRAINT trades_place UNIQUE (kafka_partition, kafka_offset)
);
COMMENT ON COLUMN trades."timestamp" IS 'when the trade happened (event time), never when it arrived';
COMMENT ON COLUMN trades.anomaly IS 'injected kind, a label for evaluation; no detector reads it';

CREATE INDEX trades_by_time ON trades ("timestamp" DESC);
CREATE INDEX trades_by_symbol ON trades (symbol, "timestamp" DESC);

CREATE TABLE dead_letters (
    topic           text        NOT NULL,
    kafka_partition integer     NOT NULL,
    kafka_offset    bigint      NOT NULL,
    key             bytea,
    payload         bytea,
    reason          text        NOT NULL,
    tries           integer     NOT NULL DEFAULT 1,
    received_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, kafka_partition, kafka_offset)
);
COMMENT ON COLUMN dead_letters.payload IS 'the message whole, as it came; null for a tombstone';

CREATE TABLE ingest_offsets (
    job             text        NOT NULL,
    topic           text        NOT NULL,
    kafka_partition integer     NOT NULL,
    next_offset     bigint      NOT NULL CHECK (next_offset >= 0),
    owner_epoch     bigint      NOT NULL,
    duplicates      bigint      NOT NULL DEFAULT 0,
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (job, topic, kafka_partition)
);
COMMENT ON COLUMN ingest_offsets.next_offset IS 'the first offset that this job has not stored yet';
COMMENT ON COLUMN ingest_offsets.owner_epoch IS 'raised by each new owner: a write that names an older one is refused';
COMMENT ON COLUMN ingest_offsets.duplicates IS 'trades met again at a new offset, and not stored again';

CREATE TABLE stock_metrics (
    symbol       text        NOT NULL,
    window_start timestamptz NOT NULL,
    window_end   timestamptz NOT NULL,
    trade_count  bigint      NOT NULL,
    avg_price    numeric,
    min_price    numeric,
    max_price    numeric,
    total_volume numeric     NOT NULL,
    total_value  numeric     NOT NULL,
    open         numeric,
    close        numeric,
    vwap         numeric,
    buy_volume   numeric     NOT NULL,
    sell_volume  numeric     NOT NULL,
    late_trades  bigint      NOT NULL DEFAULT 0,
    is_final     boolean     NOT NULL,
    revision     integer     NOT NULL DEFAULT 0,
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (symbol, window_start)
);
COMMENT ON COLUMN stock_metrics.late_trades IS 'trades that came after the allowed lateness; in no other column';
CREATE INDEX stock_metrics_by_time ON stock_metrics (window_start DESC);

CREATE TABLE anomalies (
    anomaly_id    bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    symbol        text        NOT NULL,
    kind          text        NOT NULL,
    source        text        NOT NULL,
    trade_id      text,
    span_start    timestamptz NOT NULL,
    span_end      timestamptz NOT NULL,
    methods       text[]      NOT NULL,
    score         double precision NOT NULL,
    threshold     double precision NOT NULL,
    explanation   text        NOT NULL,
    model_version text        NOT NULL,
    detected_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT anomalies_once UNIQUE NULLS NOT DISTINCT (symbol, kind, source, trade_id, span_start)
);
COMMENT ON COLUMN anomalies.trade_id IS 'the trade that stands out; null where the whole span does';
CREATE INDEX anomalies_by_time ON anomalies (span_end DESC);
CREATE INDEX anomalies_by_symbol ON anomalies (symbol, span_end DESC);

-- The tape: every trade once, what could not be read, and how far each job has read.

-- Names compare by bytes ("C"): quicker than by a language, and the same on every machine.
CREATE TABLE trades (
    trade_id        text COLLATE "C" NOT NULL,
    "timestamp"     timestamptz      NOT NULL,
    symbol          text COLLATE "C" NOT NULL,
    price           numeric          NOT NULL CHECK (price > 0),
    volume          numeric          NOT NULL CHECK (volume > 0),
    trade_type      text             NOT NULL CHECK (trade_type IN ('BUY', 'SELL')),
    source          text COLLATE "C" NOT NULL,
    anomaly         text,
    kafka_partition integer          NOT NULL,
    kafka_offset    bigint           NOT NULL
) PARTITION BY RANGE ("timestamp");
COMMENT ON COLUMN trades."timestamp" IS 'when the trade happened (event time), never when it arrived';
COMMENT ON COLUMN trades.anomaly IS 'injected kind, a label for evaluation; no detector reads it';

-- Worked out when they are read where PostgreSQL can (18 and later), stored where it cannot.
DO $$
DECLARE
    kept text := CASE WHEN current_setting('server_version_num')::integer >= 180000 THEN 'VIRTUAL' ELSE 'STORED' END;
BEGIN
    EXECUTE format(
        'ALTER TABLE trades ADD COLUMN total_value numeric GENERATED ALWAYS AS (price * volume) %1$s,
                            ADD COLUMN is_anomaly boolean GENERATED ALWAYS AS (anomaly IS NOT NULL) %1$s', kept);
END
$$;

-- The newest of a symbol, and its span of time, by one descent.
CREATE INDEX trades_by_symbol ON trades (symbol, "timestamp");
-- Spans of time and places in the topic: trades are stored about in the order of both, so a summary
-- of each stretch of pages is enough, and costs next to nothing to keep.
CREATE INDEX trades_by_time ON trades USING brin ("timestamp") WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX trades_by_place ON trades USING brin (kafka_partition, kafka_offset)
    WITH (pages_per_range = 32, autosummarize = on);

-- A day of trades, in UTC; what belongs to no day at hand (years ago, or ahead) stays elsewhere.
-- A trade is stored once: within a day by this key, which grows with time where ids do; over days by
-- the consumer, which looks where the ranges of their ids overlap.
CREATE TABLE trades_elsewhen PARTITION OF trades DEFAULT;
CREATE UNIQUE INDEX trades_elsewhen_once ON trades_elsewhen (trade_id, symbol, source);

CREATE FUNCTION trades_day_name(day date) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT 'trades_' || to_char(day, 'YYYYMMDD')
$$;

-- Make the partition of a day, unless it is there: on its own first, then attached, so that readers
-- and writers of the other days never wait. Trades of that day that were elsewhere move in.
CREATE FUNCTION make_trades_day(day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name text := trades_day_name(day);
    start timestamptz := day::timestamp AT TIME ZONE 'UTC';
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('make_trades_day'));
    IF to_regclass(name) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE trades INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS)', name);
    EXECUTE format('CREATE UNIQUE INDEX %I ON %I (trade_id, symbol, source)', name || '_once', name);
    EXECUTE format(
        'WITH moved AS (
             DELETE FROM trades_elsewhen WHERE "timestamp" >= $1 AND "timestamp" < $1 + interval ''1 day'' RETURNING *
         )
         INSERT INTO %I (trade_id, "timestamp", symbol, price, volume, trade_type, source, anomaly,
                         kafka_partition, kafka_offset)
         SELECT trade_id, "timestamp", symbol, price, volume, trade_type, source, anomaly,
                kafka_partition, kafka_offset
         FROM moved', name) USING start;
    EXECUTE format('ALTER TABLE trades ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                   name, start, start + interval '1 day');
END
$$;

-- The days that have a partition, and the range of the trade ids in each and elsewhere (day null).
CREATE FUNCTION trades_days() RETURNS TABLE (day date, lowest_id text, highest_id text) LANGUAGE plpgsql STABLE AS $$
DECLARE
    part record;
BEGIN
    FOR part IN SELECT inhrelid::regclass AS name FROM pg_inherits WHERE inhparent = 'trades'::regclass LOOP
        day := to_date(substring(part.name::text FROM 'trades_(\d{8})$'), 'YYYYMMDD');
        EXECUTE format('SELECT min(trade_id), max(trade_id) FROM %s', part.name) INTO lowest_id, highest_id;
        RETURN NEXT;
    END LOOP;
END
$$;

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

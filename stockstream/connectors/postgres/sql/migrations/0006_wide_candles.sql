-- Candles of other widths than a minute, and sliding ones, made from pieces that they have in common.

-- What an aggregator keeps belongs to its job: the one of the minute, or one of another window.
ALTER TABLE aggregator_marks ADD COLUMN job text NOT NULL DEFAULT 'aggregator';
ALTER TABLE aggregator_marks DROP CONSTRAINT aggregator_marks_pkey, ADD PRIMARY KEY (job, topic, kafka_partition);
ALTER TABLE aggregator_symbols ADD COLUMN job text NOT NULL DEFAULT 'aggregator';
ALTER TABLE aggregator_symbols
    DROP CONSTRAINT aggregator_symbols_pkey, ADD PRIMARY KEY (job, topic, kafka_partition, symbol);
ALTER TABLE late_arrivals ADD COLUMN job text NOT NULL DEFAULT 'aggregator';
ALTER TABLE late_arrivals
    DROP CONSTRAINT late_arrivals_pkey, ADD PRIMARY KEY (job, topic, kafka_partition, kafka_offset);
ALTER TABLE early_trades ADD COLUMN job text NOT NULL DEFAULT 'aggregator';
ALTER TABLE early_trades
    DROP CONSTRAINT early_trades_pkey, ADD PRIMARY KEY (job, topic, kafka_partition, kafka_offset);

CREATE TABLE candle_pieces (
    job          text        NOT NULL,
    symbol       text        NOT NULL,
    piece_start  timestamptz NOT NULL,
    trade_count  bigint      NOT NULL,
    price_sum    numeric     NOT NULL,
    low          numeric,
    high         numeric,
    volume       numeric     NOT NULL,
    value        numeric     NOT NULL,
    open         numeric,
    close        numeric,
    buy_volume   numeric     NOT NULL,
    sell_volume  numeric     NOT NULL,
    late_trades  bigint      NOT NULL DEFAULT 0,
    PRIMARY KEY (job, symbol, piece_start)
);
COMMENT ON TABLE candle_pieces IS 'sums of the pieces that the candles of a job are put together from';

CREATE TABLE candles (
    symbol       text        NOT NULL,
    width        interval    NOT NULL,
    slide        interval    NOT NULL,
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
    late_trades  bigint      NOT NULL,
    is_final     boolean     NOT NULL DEFAULT false,
    revision     integer     NOT NULL DEFAULT 0,
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (symbol, width, slide, window_start)
);
COMMENT ON TABLE candles IS 'as stock_metrics, of the windows that aggregator.py --window was asked for';
COMMENT ON COLUMN candles.slide IS 'a window begins at each multiple of it since 1970; equal to width where none overlap';
CREATE INDEX candles_open ON candles (width, slide, window_end) WHERE NOT is_final;

-- Where the plain Flink job writes.
CREATE TABLE plain_candles (
    symbol       text,
    window_start timestamptz,
    trade_count  bigint  NOT NULL,
    total_volume numeric NOT NULL,
    total_value  numeric NOT NULL,
    min_price    numeric NOT NULL,
    max_price    numeric NOT NULL,
    PRIMARY KEY (symbol, window_start)
)

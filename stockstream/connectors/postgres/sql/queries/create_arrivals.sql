-- Where trades wait that may be there already; empty again at the end of the transaction.
CREATE TEMPORARY TABLE IF NOT EXISTS arrivals (
    trade_id text COLLATE "C", "timestamp" timestamptz, symbol text COLLATE "C", price numeric, volume numeric,
    trade_type text, source text COLLATE "C", anomaly text, kafka_partition integer, kafka_offset bigint
) ON COMMIT DELETE ROWS

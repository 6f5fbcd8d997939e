-- Trades straight to their table, as ready rows.
COPY trades (trade_id, "timestamp", symbol, price, volume, trade_type, source, anomaly, kafka_partition, kafka_offset)
FROM STDIN (FORMAT binary)

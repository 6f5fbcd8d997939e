-- Trades that may be there already, on their way to `trades`.
COPY arrivals (trade_id, "timestamp", symbol, price, volume, trade_type, source, anomaly, kafka_partition, kafka_offset)
FROM STDIN (FORMAT binary)

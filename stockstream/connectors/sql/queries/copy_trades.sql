-- New trades, as fast as PostgreSQL takes them; the generated columns come by themselves.
COPY trades (trade_id, "timestamp", symbol, price, volume, trade_type, source, anomaly, kafka_partition, kafka_offset)
FROM STDIN

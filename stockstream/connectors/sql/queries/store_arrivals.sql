-- Store those that are new, the first of each; a place in the topic that is taken stays an error.
WITH stored AS (
    INSERT INTO trades
        (trade_id, "timestamp", symbol, price, volume, trade_type, source, anomaly, kafka_partition, kafka_offset)
    SELECT trade_id, "timestamp", symbol, price, volume, trade_type, source, anomaly, kafka_partition, kafka_offset
    FROM arrivals
    ORDER BY kafka_partition, kafka_offset
    ON CONFLICT ON CONSTRAINT trades_once DO NOTHING
    RETURNING kafka_partition, kafka_offset
)
SELECT kafka_partition, kafka_offset FROM stored

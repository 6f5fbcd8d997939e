-- Trades that were dead letters, on their way to `trades`.
INSERT INTO arrivals
    (trade_id, "timestamp", symbol, price, volume, trade_type, source, anomaly, kafka_partition, kafka_offset)
SELECT *
FROM unnest(
    %(trade_ids)s::text[], %(times)s::timestamptz[], %(symbols)s::text[], %(prices)s::numeric[],
    %(volumes)s::numeric[], %(sides)s::text[], %(sources)s::text[], %(labels)s::text[],
    %(partitions)s::integer[], %(offsets)s::bigint[]
)

-- Keep trades that are far ahead of the clock.
INSERT INTO early_trades (
    job, topic, kafka_partition, kafka_offset, "timestamp", symbol, source, trade_id, price, volume, is_buy
)
SELECT %(job)s, %(topic)s, %(partition)s, early.*
FROM unnest(
    %(offsets)s::bigint[], %(times)s::timestamptz[], %(symbols)s::text[], %(sources)s::text[],
    %(trade_ids)s::text[], %(prices)s::numeric[], %(volumes)s::numeric[], %(buys)s::boolean[]
) AS early
ON CONFLICT DO NOTHING

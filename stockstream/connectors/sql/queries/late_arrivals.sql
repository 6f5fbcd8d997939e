-- Put late trades aside until the tape tells whether they are repeats.
INSERT INTO late_arrivals (job, topic, kafka_partition, kafka_offset, symbol, window_start, source, trade_id)
SELECT %(job)s, %(topic)s, late.*
FROM unnest(
    %(partitions)s::integer[], %(offsets)s::bigint[], %(symbols)s::text[], %(starts)s::timestamptz[],
    %(sources)s::text[], %(trade_ids)s::text[]
) AS late
ON CONFLICT DO NOTHING

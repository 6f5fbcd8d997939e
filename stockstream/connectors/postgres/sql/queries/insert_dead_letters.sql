-- Messages that are no trades: kept whole, with where they came from and why.
INSERT INTO dead_letters (topic, kafka_partition, kafka_offset, key, payload, reason)
SELECT %(topic)s, letter.*
FROM unnest(
    %(partitions)s::integer[], %(offsets)s::bigint[], %(keys)s::bytea[], %(payloads)s::bytea[], %(reasons)s::text[]
) AS letter

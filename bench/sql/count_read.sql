-- The trades that were stored from these places on.
SELECT count(*)
FROM trades
JOIN unnest(%(partitions)s::integer[], %(offsets)s::bigint[]) AS begin (kafka_partition, kafka_offset)
    ON trades.kafka_partition = begin.kafka_partition AND trades.kafka_offset >= begin.kafka_offset

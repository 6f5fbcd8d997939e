-- Dead letters that are trades by now leave.
DELETE FROM dead_letters
USING unnest(%(partitions)s::integer[], %(offsets)s::bigint[]) AS revived (kafka_partition, kafka_offset)
WHERE topic = %(topic)s
  AND (dead_letters.kafka_partition, dead_letters.kafka_offset) = (revived.kafka_partition, revived.kafka_offset)

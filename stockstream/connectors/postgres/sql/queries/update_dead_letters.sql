-- Dead letters that were tried again and stay, with the newest reason.
UPDATE dead_letters
SET tries = tries + 1, reason = tried.reason
FROM unnest(%(partitions)s::integer[], %(offsets)s::bigint[], %(reasons)s::text[])
    AS tried (kafka_partition, kafka_offset, reason)
WHERE topic = %(topic)s
  AND (dead_letters.kafka_partition, dead_letters.kafka_offset) = (tried.kafka_partition, tried.kafka_offset)

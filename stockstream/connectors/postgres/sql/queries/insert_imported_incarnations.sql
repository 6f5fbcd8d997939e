-- What was imported is the first life of its partitions: the topic's own, whichever it is, begins above.
INSERT INTO topic_lives (topic, kafka_partition, topic_id, base_offset)
SELECT %(topic)s, kafka_partition, %(imported)s, 0
FROM unnest(%(partitions)s::integer[]) AS kafka_partition
WHERE kafka_partition NOT IN (SELECT known.kafka_partition FROM topic_lives AS known WHERE known.topic = %(topic)s)

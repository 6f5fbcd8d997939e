-- What version 3 kept besides: the life of the topic.
INSERT INTO topic_lives (topic, kafka_partition, topic_id, base_offset)
VALUES ('old', 0, 'first', 0), ('old', 1, 'first', 0);

-- A partition begins a life.
INSERT INTO topic_lives (topic, kafka_partition, topic_id, base_offset)
VALUES (%(topic)s, %(partition)s, %(topic_id)s, %(base)s)

-- Keep where the aggregator stands in a partition.
INSERT INTO aggregator_marks (job, topic, kafka_partition, rewind_offset, watermark)
VALUES (%(job)s, %(topic)s, %(partition)s, %(rewind_offset)s, %(watermark)s)
ON CONFLICT (job, topic, kafka_partition)
DO UPDATE SET rewind_offset = excluded.rewind_offset, watermark = excluded.watermark

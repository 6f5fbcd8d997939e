-- Where the aggregator stands in a partition.
SELECT rewind_offset, watermark FROM aggregator_marks
WHERE topic = %(topic)s AND kafka_partition = %(partition)s

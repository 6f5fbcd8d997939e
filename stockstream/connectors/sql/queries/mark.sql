-- Where the aggregator stands in a partition.
SELECT rewind_offset, watermark FROM aggregator_marks
WHERE job = %(job)s AND topic = %(topic)s AND kafka_partition = %(partition)s

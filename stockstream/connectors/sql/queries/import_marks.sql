-- Where the aggregator goes on: event time has come to the newest of the imported trades, and their windows cannot
-- be built again from the topic (to be read from its first place on, which is not there), so it leaves them alone.
INSERT INTO aggregator_marks AS mine (job, topic, kafka_partition, rewind_offset, watermark)
SELECT 'aggregator', %(topic)s, kafka_partition, 0, max("timestamp") FILTER (WHERE "timestamp" <= now())
FROM arrivals
GROUP BY kafka_partition
ON CONFLICT (job, topic, kafka_partition) DO UPDATE SET watermark = greatest(mine.watermark, excluded.watermark)

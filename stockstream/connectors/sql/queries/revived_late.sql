-- Stored trades that the aggregator met as bad messages and will not read again: it counts them as late.
-- Those that PostgreSQL alone had refused are in their candles.
INSERT INTO late_arrivals (topic, kafka_partition, kafka_offset, source, symbol, trade_id, window_start)
SELECT letter.topic, letter.kafka_partition, letter.kafka_offset, arrivals.source, arrivals.symbol,
       arrivals.trade_id, date_trunc('minute', arrivals."timestamp")
FROM unnest(%(partitions)s::integer[], %(offsets)s::bigint[]) AS stored (kafka_partition, kafka_offset)
JOIN arrivals USING (kafka_partition, kafka_offset)
JOIN dead_letters AS letter USING (kafka_partition, kafka_offset)
JOIN aggregator_marks AS mark ON mark.topic = letter.topic AND mark.kafka_partition = letter.kafka_partition
WHERE mark.job = 'aggregator' AND letter.topic = %(topic)s AND letter.kafka_offset < mark.rewind_offset
  AND letter.reason NOT LIKE 'PostgreSQL refuses%%'
ON CONFLICT DO NOTHING

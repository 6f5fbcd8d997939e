-- The candles of a partition's symbols up to a time cannot be built again: they stay as they are, for good.
UPDATE stock_metrics AS held
SET is_final = true, updated_at = now()
FROM aggregator_symbols AS carried
WHERE carried.job = %(job)s AND carried.topic = %(topic)s AND carried.kafka_partition = %(partition)s AND carried.symbol = held.symbol
  AND NOT held.is_final AND held.window_end <= %(end)s

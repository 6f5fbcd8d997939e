-- The days that have a partition, and the range of trade ids in each.
SELECT day, lowest_id, highest_id FROM trades_days()

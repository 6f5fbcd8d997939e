-- The trades of a partition that were far ahead of the clock, in the order of offsets.
SELECT kafka_offset, "timestamp", symbol, source, trade_id, price, volume, is_buy
FROM early_trades
WHERE job = %(job)s AND topic = %(topic)s AND kafka_partition = %(partition)s
ORDER BY kafka_offset

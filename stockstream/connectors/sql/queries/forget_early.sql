-- Let go of the early trades whose time has long passed.
DELETE FROM early_trades
WHERE job = %(job)s AND topic = %(topic)s AND kafka_partition = %(partition)s
  AND "timestamp" < %(watermark)s::timestamptz - interval '1 day'

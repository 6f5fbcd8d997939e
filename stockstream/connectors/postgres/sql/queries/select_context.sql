-- What a detector remembers at its place in a partition: the last trades below it, latest first. Places
-- follow each other, so as many trades lie in as many places, or fewer; the bound keeps the read short.
SELECT symbol, (extract(epoch FROM "timestamp") * 1000000)::bigint, price::float8, volume::float8,
       CASE trade_type WHEN 'BUY' THEN 1 WHEN 'SELL' THEN -1 ELSE 0 END, trade_id, source
FROM trades
WHERE kafka_partition = %(partition)s AND kafka_offset < %(place)s AND kafka_offset >= %(place)s - %(most)s
    AND corrected_at IS NULL
ORDER BY kafka_offset DESC

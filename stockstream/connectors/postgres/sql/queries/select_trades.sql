-- The trades of a symbol in a span, oldest first, as the detector reads them: without the label.
SELECT (extract(epoch FROM "timestamp") * 1000000)::bigint, price::float8, volume::float8,
       CASE trade_type WHEN 'BUY' THEN 1 WHEN 'SELL' THEN -1 ELSE 0 END, trade_id, source
FROM trades
WHERE symbol = %(symbol)s AND "timestamp" >= %(since)s AND "timestamp" < %(until)s
    AND corrected_at IS NULL
ORDER BY "timestamp", kafka_offset

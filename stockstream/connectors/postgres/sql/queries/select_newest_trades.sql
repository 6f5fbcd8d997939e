-- The newest trades of a symbol in a span, oldest first, as the detector reads them: without the label.
SELECT micros, price, volume, side, trade_id, source
FROM (
    SELECT (extract(epoch FROM "timestamp") * 1000000)::bigint AS micros, price::float8 AS price,
           volume::float8 AS volume, CASE trade_type WHEN 'BUY' THEN 1 WHEN 'SELL' THEN -1 ELSE 0 END AS side,
           trade_id, source, kafka_offset
    FROM trades
    WHERE symbol = %(symbol)s AND "timestamp" >= %(since)s AND "timestamp" < %(until)s
        AND corrected_at IS NULL
    ORDER BY "timestamp" DESC, kafka_offset DESC
    LIMIT %(most)s
) AS newest
ORDER BY micros, kafka_offset

-- The tape in order of event time, as a replay reads it: every field of the message, exact as it was stored, and
-- the place of it, where an import puts it back.
SELECT trade_id, to_char("timestamp" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "timestamp",
       symbol, price, volume, trade_type, conditions, updates_last::text, side_inferred::text, corrects, cancels::text,
       source, anomaly, kafka_partition, kafka_offset
FROM trades
WHERE (%(symbols)s::text[] IS NULL OR symbol = ANY (%(symbols)s::text[]))
  AND "timestamp" >= %(since)s AND "timestamp" < %(until)s
  AND (corrected_at IS NULL OR NOT %(only_standing)s)
ORDER BY trades."timestamp", kafka_partition, kafka_offset

-- The newest trades of the whole tape, each with what was found about it.
WITH newest AS (
    SELECT * FROM trades
    WHERE "timestamp" <= %(end)s
    ORDER BY "timestamp" DESC LIMIT %(at_most)s
)
SELECT t."timestamp", t.symbol, t.trade_type, t.price, t.volume, t.total_value, t.anomaly, found.kinds
FROM newest AS t
LEFT JOIN LATERAL (
    SELECT string_agg(DISTINCT a.kind, ', ') AS kinds FROM anomalies AS a
    WHERE a.symbol = t.symbol AND a.span_end >= t."timestamp"
      AND a.trade_id = t.trade_id AND a.source = t.source
) AS found ON true
ORDER BY t."timestamp" DESC, t.kafka_partition, t.kafka_offset DESC

-- The newest trades of the asked symbols in the window: each symbol's own newest by its index, then the newest of those.
-- (A plain filter over the tape would read it whole for a symbol that trades no more.)
WITH newest AS (
    SELECT mine.* FROM unnest(%(symbols)s::text[], %(hours_of)s::int[]) AS asked (symbol, hours_of)
    CROSS JOIN LATERAL (
        SELECT * FROM trades
        WHERE trades.symbol = asked.symbol AND "timestamp" >= %(start)s AND "timestamp" <= %(end)s
            AND coalesce("timestamp" <@ ((SELECT %(hours)s::tstzmultirange[]))[asked.hours_of], true)
        ORDER BY "timestamp" DESC LIMIT %(at_most)s
    ) AS mine
    ORDER BY mine."timestamp" DESC LIMIT %(at_most)s
)
SELECT t.trade_id, t."timestamp", t.symbol, t.price, t.volume, t.trade_type, t.conditions, t.updates_last,
    t.side_inferred, t.corrects, t.cancels, t.corrected_at, t.source, t.anomaly, t.total_value,
    found.kinds
FROM newest AS t
LEFT JOIN LATERAL (
    SELECT string_agg(DISTINCT a.kind, ', ') AS kinds FROM anomalies AS a
    WHERE a.symbol = t.symbol AND a.span_end BETWEEN t."timestamp" AND t."timestamp" + interval '1 minute'
      AND a.trade_id = t.trade_id AND a.source = t.source
) AS found ON true
ORDER BY t."timestamp" DESC, t.kafka_partition, t.kafka_offset DESC

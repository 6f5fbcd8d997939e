-- The newest trades that a detector found unusual: from the findings to their trades, by the trade's key.
WITH newest AS (
    SELECT DISTINCT a.source, a.symbol, a.trade_id, a.span_end FROM anomalies AS a
    WHERE a.trade_id IS NOT NULL AND a.span_end BETWEEN %(start)s AND %(until)s AND a.symbol = ANY (%(symbols)s)
    ORDER BY a.span_end DESC LIMIT %(at_most)s
)
SELECT
    t.trade_id, t."timestamp", t.symbol, t.price, t.volume, t.trade_type, t.conditions, t.updates_last,
    t.side_inferred, t.corrects, t.cancels, t.corrected_at, t.source, t.anomaly, t.total_value,
    string_agg(DISTINCT a.kind, ', ') AS kinds
FROM newest
JOIN trades AS t USING (source, symbol, trade_id)
JOIN anomalies AS a USING (source, symbol, trade_id)
WHERE a.span_end = newest.span_end
    AND t."timestamp" BETWEEN newest.span_end - interval '1 second' AND newest.span_end + interval '1 second'
GROUP BY t.source, t.symbol, t.trade_id, t."timestamp", t.trade_type, t.conditions, t.updates_last, t.side_inferred,
    t.corrects, t.cancels, t.corrected_at, t.price, t.volume, t.total_value, t.anomaly
ORDER BY t."timestamp" DESC LIMIT %(at_most)s

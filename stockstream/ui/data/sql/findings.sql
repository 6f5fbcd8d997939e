-- The newest findings in the window, each with the price to mark it at: its own trade's, or for a span
-- the last price in it.
WITH newest AS (
    SELECT * FROM anomalies
    WHERE span_end BETWEEN %(start)s AND %(until)s AND symbol = ANY (%(symbols)s)
    ORDER BY span_end DESC, anomaly_id DESC LIMIT %(at_most)s
)
SELECT
    a.span_start, a.span_end, a.symbol, a.kind, a.methods, a.score, a.threshold, a.explanation,
    a.trade_id IS NULL AS is_span,
    coalesce(own.price, around.price) AS price
FROM newest AS a
LEFT JOIN trades AS own ON own.trade_id = a.trade_id AND own.symbol = a.symbol AND own.source = a.source
    AND own."timestamp" BETWEEN a.span_start - interval '1 second' AND a.span_end + interval '1 second'
LEFT JOIN LATERAL (
    SELECT t.price FROM trades AS t
    WHERE t.symbol = a.symbol AND t."timestamp" BETWEEN a.span_start AND a.span_end AND t.corrected_at IS NULL
    ORDER BY t."timestamp" DESC LIMIT 1
) AS around ON a.trade_id IS NULL
ORDER BY a.span_end DESC, a.anomaly_id DESC

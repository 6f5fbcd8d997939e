-- Each symbol in the window, within the hours that are shown: sums over its candles, its last price from the tape, its
-- findings.
SELECT
    asked.symbol,
    newest.price AS last,
    opening.open,
    candles.high,
    candles.low,
    candles.volume,
    candles.buy_volume,
    candles.sell_volume,
    candles.value,
    candles.value / nullif(candles.volume, 0) AS vwap,
    candles.trades,
    candles.late,
    found.findings
FROM unnest(%(symbols)s::text[], %(hours_of)s::int[]) AS asked (symbol, hours_of)
LEFT JOIN LATERAL (
    SELECT t.price FROM trades AS t
    WHERE t.symbol = asked.symbol AND t."timestamp" <= %(end)s AND t.updates_last AND t.corrected_at IS NULL
        AND (t."timestamp" < %(start)s
            OR coalesce(t."timestamp" <@ ((SELECT %(hours)s::tstzmultirange[]))[asked.hours_of], true))
    ORDER BY t."timestamp" DESC, t.kafka_offset DESC LIMIT 1
) AS newest ON true
LEFT JOIN LATERAL (
    SELECT m.open FROM stock_metrics AS m
    WHERE m.symbol = asked.symbol AND m.window_start BETWEEN %(start)s AND %(end)s AND m.open IS NOT NULL
        AND coalesce(m.window_start <@ ((SELECT %(hours)s::tstzmultirange[]))[asked.hours_of], true)
    ORDER BY m.window_start LIMIT 1
) AS opening ON true
CROSS JOIN LATERAL (
    SELECT
        max(m.max_price) AS high,
        min(m.min_price) AS low,
        coalesce(sum(m.total_volume), 0) AS volume,
        coalesce(sum(m.buy_volume), 0) AS buy_volume,
        coalesce(sum(m.sell_volume), 0) AS sell_volume,
        coalesce(sum(m.total_value), 0) AS value,
        coalesce(sum(m.trade_count), 0)::bigint AS trades,
        coalesce(sum(m.late_trades), 0)::bigint AS late
    FROM stock_metrics AS m
    WHERE m.symbol = asked.symbol AND m.window_start BETWEEN %(start)s AND %(end)s
        AND coalesce(m.window_start <@ ((SELECT %(hours)s::tstzmultirange[]))[asked.hours_of], true)
) AS candles
CROSS JOIN LATERAL (
    SELECT count(*) AS findings FROM (
        SELECT FROM anomalies AS a
        WHERE a.symbol = asked.symbol AND a.span_end BETWEEN %(start)s AND %(until)s
            AND coalesce(a.span_end <@ ((SELECT %(hours)s::tstzmultirange[]))[asked.hours_of], true)
        LIMIT %(count_at_most)s
    ) AS counted
) AS found

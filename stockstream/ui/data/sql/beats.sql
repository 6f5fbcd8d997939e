-- The course of the asked symbols together over the window: sums over candles and counts of findings,
-- for each interval. The interval before the window is not read: it would cost as much again.
WITH traded AS (
    SELECT
        date_bin(%(width)s, m.window_start, 'epoch') AS beat,
        sum(m.trade_count)::bigint AS trades,
        sum(m.total_volume) AS volume,
        sum(m.total_value) AS value,
        count(DISTINCT m.symbol) FILTER (WHERE m.trade_count > 0) AS active
    FROM stock_metrics AS m
    WHERE m.symbol = ANY (%(symbols)s) AND m.window_start BETWEEN %(start)s AND %(end)s
    GROUP BY 1
), found AS (
    SELECT date_bin(%(width)s, counted.span_end, 'epoch') AS beat, count(*) AS findings
    FROM (
        SELECT span_end FROM anomalies
        WHERE symbol = ANY (%(symbols)s) AND span_end BETWEEN %(start)s AND %(until)s
        ORDER BY span_end DESC LIMIT 10000
    ) AS counted
    GROUP BY 1
)
SELECT traded.beat, traded.trades, traded.volume, traded.value, traded.active, coalesce(found.findings, 0)
FROM traded LEFT JOIN found USING (beat)
ORDER BY traded.beat

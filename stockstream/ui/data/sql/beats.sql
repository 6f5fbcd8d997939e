-- The course of the asked symbols together over the window: sums over candles and counts of findings,
-- for each interval. The interval before the window is not read: it would cost as much again.
WITH traded AS (
    SELECT
        each.beat,
        sum(each.trades)::bigint AS trades,
        sum(each.volume) AS volume,
        sum(each.value) AS value,
        count(*) FILTER (WHERE each.trades > 0) AS active
    FROM unnest(%(symbols)s::text[], %(hours_of)s::int[]) AS asked (symbol, hours_of)
    CROSS JOIN LATERAL (
        SELECT
            date_bin(%(width)s, m.window_start, 'epoch') AS beat,
            sum(m.trade_count) AS trades,
            sum(m.total_volume) AS volume,
            sum(m.total_value) AS value
        FROM stock_metrics AS m
        WHERE m.symbol = asked.symbol AND m.window_start BETWEEN %(start)s AND %(end)s
            AND coalesce(m.window_start <@ ((SELECT %(hours)s::tstzmultirange[]))[asked.hours_of], true)
        GROUP BY 1
    ) AS each
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

-- The asked symbols together in the interval before the window, as long as it: to compare with.
SELECT
    %(before)s::timestamptz,
    coalesce(sum(m.trade_count), 0)::bigint AS trades,
    coalesce(sum(m.total_volume), 0) AS volume,
    coalesce(sum(m.total_value), 0) AS value,
    count(DISTINCT m.symbol) FILTER (WHERE m.trade_count > 0) AS active,
    (SELECT count(*) FROM (
        SELECT FROM anomalies
        WHERE symbol = ANY (%(symbols)s) AND span_end >= %(before)s AND span_end < %(start)s
        LIMIT 10000
    ) AS counted) AS findings
FROM stock_metrics AS m
WHERE m.symbol = ANY (%(symbols)s) AND m.window_start >= %(before)s AND m.window_start < %(start)s

-- The price of each asked interval of a symbol over time: the last trade of each step in the hours that are shown, one
-- index probe a point, so that the cost is the number of points and not the number of trades.
SELECT asked.symbol, shown."timestamp", shown.price
FROM unnest(%(symbols)s::text[], %(froms)s::timestamptz[], %(tos)s::timestamptz[], %(hours_of)s::int[])
    AS asked (symbol, begins, ends, hours_of)
CROSS JOIN LATERAL generate_series(asked.begins, least(asked.ends - %(step)s, %(end)s), %(step)s) AS step_start
CROSS JOIN LATERAL (
    SELECT t."timestamp", t.price FROM trades AS t
    WHERE t.symbol = asked.symbol
      AND t."timestamp" >= greatest(step_start, %(start)s)
      AND t."timestamp" < step_start + %(step)s
      AND t."timestamp" <= %(end)s AND t.updates_last AND t.corrected_at IS NULL
      AND coalesce(t."timestamp" <@ ((SELECT %(hours)s::tstzmultirange[]))[asked.hours_of], true)
    ORDER BY t."timestamp" DESC, t.kafka_offset DESC LIMIT 1
) AS shown
WHERE coalesce(
    tstzrange(step_start, step_start + %(step)s) && ((SELECT %(hours)s::tstzmultirange[]))[asked.hours_of], true
)
ORDER BY asked.symbol, shown."timestamp"

-- For each of these minutes, where the symbol's trades come from: the source of the last one up to its end, or of the
-- first after it.
SELECT coalesce(
    (SELECT t.source FROM trades AS t
     WHERE t.symbol = touched.symbol AND t."timestamp" < touched.window_start + interval '1 minute'
     ORDER BY t."timestamp" DESC LIMIT 1),
    (SELECT t.source FROM trades AS t
     WHERE t.symbol = touched.symbol AND t."timestamp" >= touched.window_start + interval '1 minute'
     ORDER BY t."timestamp" LIMIT 1)
)
FROM unnest(%(symbols)s::text[], %(starts)s::timestamptz[]) WITH ORDINALITY AS touched (symbol, window_start, place)
ORDER BY touched.place

-- Where the trades of each symbol come from: the source of its newest one up to a moment, or of its first one after.
SELECT asked.symbol, coalesce(
    (SELECT t.source FROM trades AS t
     WHERE t.symbol = asked.symbol AND t."timestamp" <= %(until)s ORDER BY t."timestamp" DESC LIMIT 1),
    (SELECT t.source FROM trades AS t
     WHERE t.symbol = asked.symbol AND t."timestamp" > %(until)s ORDER BY t."timestamp" LIMIT 1)
)
FROM unnest(%(symbols)s::text[]) AS asked (symbol)

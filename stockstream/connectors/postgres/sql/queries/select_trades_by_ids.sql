-- The stored trades that have these ids, one look into the index for each; an inferred side is not the trade's own.
SELECT found.symbol, found.trade_id, found."timestamp", found.price, found.volume,
    CASE WHEN NOT found.side_inferred THEN found.trade_type END
FROM unnest(%(ids)s::text[], %(symbols)s::text[], %(sources)s::text[]) AS asked (trade_id, symbol, source)
CROSS JOIN LATERAL (
    SELECT *
    FROM trades
    WHERE trade_id = asked.trade_id AND symbol = asked.symbol AND source = asked.source
    LIMIT 1
) AS found

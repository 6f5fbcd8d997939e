-- select_by_ids
-- The stored trades that have these ids.
SELECT symbol, trade_id, "timestamp", price, volume, trade_type
FROM unnest(%(ids)s::text[], %(symbols)s::text[], %(sources)s::text[]) AS asked (trade_id, symbol, source)
JOIN trades USING (trade_id, symbol, source)

-- Of each session that ends, the largest trades with conditions in the minutes after its close: the closing auction is
-- among them. (The index has the minutes; how many trades there are is bounded by how many come in them.)
SELECT closing."close", largest.price, largest.volume, largest.conditions
FROM unnest(%(closes)s::timestamptz[]) AS closing ("close")
CROSS JOIN LATERAL (
    SELECT t.price, t.volume, t.conditions FROM trades AS t
    WHERE t.symbol = %(symbol)s AND t."timestamp" >= closing."close"
        AND t."timestamp" < closing."close" + %(within)s AND t.conditions IS NOT NULL
        AND t.corrected_at IS NULL
    ORDER BY t.volume DESC LIMIT %(at_most)s
) AS largest
ORDER BY closing."close", largest.volume DESC

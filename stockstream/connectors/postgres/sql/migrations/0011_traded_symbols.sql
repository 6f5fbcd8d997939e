-- The symbols that have trades, in order, each found by one step in the index, however many trades there are (a
-- loose scan, which PostgreSQL's planner does not make of a DISTINCT). It is planned as a part of what asks, so a LIMIT
-- ends the walk.
CREATE FUNCTION traded_symbols() RETURNS TABLE (symbol text) LANGUAGE sql STABLE AS $$
    WITH RECURSIVE known AS (
        (SELECT first.symbol FROM trades AS first ORDER BY first.symbol LIMIT 1)
        UNION ALL
        SELECT (SELECT later.symbol FROM trades AS later WHERE later.symbol > known.symbol ORDER BY later.symbol LIMIT 1)
        FROM known
        WHERE known.symbol IS NOT NULL
    )
    SELECT known.symbol FROM known WHERE known.symbol IS NOT NULL
$$;

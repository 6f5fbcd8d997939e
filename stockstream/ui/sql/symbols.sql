-- The symbols on the tape, each found by one step in the index (a loose scan), whatever the tape's size.
WITH RECURSIVE known AS (
    (SELECT symbol, 1 AS place FROM trades ORDER BY symbol LIMIT 1)
    UNION ALL
    SELECT
        (SELECT t.symbol FROM trades AS t WHERE t.symbol > known.symbol ORDER BY t.symbol LIMIT 1),
        known.place + 1
    FROM known
    WHERE known.symbol IS NOT NULL AND known.place <= %(at_most)s
)
SELECT symbol FROM known WHERE symbol IS NOT NULL LIMIT %(at_most)s

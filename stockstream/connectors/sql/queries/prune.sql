-- A slice of the trades that are too old, never one of a candle that is still open.
DELETE FROM trades
WHERE ctid IN (
    SELECT ctid
    FROM trades
    WHERE "timestamp" < least(
        %(before)s,
        coalesce((SELECT min(window_start) FROM stock_metrics WHERE NOT is_final), 'infinity')
    )
    ORDER BY "timestamp"
    LIMIT %(most)s
)

-- A slice of the old trades that belong to no day at hand, never one of a candle that is still open.
DELETE FROM trades_elsewhen
WHERE ctid IN (
    SELECT ctid
    FROM trades_elsewhen
    WHERE "timestamp" < least(
        %(before)s,
        (SELECT min(window_start) FROM stock_metrics WHERE NOT is_final),
        (SELECT min(window_start) FROM late_arrivals)
    )
    LIMIT %(most)s
)

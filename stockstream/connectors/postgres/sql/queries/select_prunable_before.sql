-- Up to when trades may be deleted: to the minute, and never one whose candle is still to be reconciled.
SELECT date_trunc('minute', least(
    %(before)s,
    (
        SELECT min(window_start) FROM stock_metrics
        WHERE reconciled_at IS NULL AND window_start >= coalesce((SELECT max(before) FROM prunings), '-infinity')
    ),
    (SELECT min(window_start) FROM unreconciled_minutes),
    (SELECT min(window_start) FROM touched_minutes)
), 'UTC')

-- The candles that an engine has made and that no stored trade belongs to: of messages that are no trades, or that
-- the consumer has not stored yet. Minutes whose trades may have been pruned stay as they are.
INSERT INTO unreconciled_minutes (symbol, window_start, touched_at)
SELECT symbol, window_start, updated_at
FROM stock_metrics
WHERE reconciled_at IS NULL AND window_end <= now()
    AND window_start >= coalesce((SELECT max(before) FROM prunings), '-infinity')
ORDER BY symbol, window_start
ON CONFLICT DO NOTHING

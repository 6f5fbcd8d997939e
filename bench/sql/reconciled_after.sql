-- Seconds from the end of each candle's minute until it was found equal to the tape for the last time; without the
-- minutes that no trade followed, which close later because nothing shows that they are over.
SELECT extract(EPOCH FROM reconciled_at - window_start) - 60
FROM stock_metrics
WHERE window_start < (SELECT max(window_start) FROM stock_metrics)

-- Keep the windows of a frame from now on, and of what is there.
WITH kept AS (
    INSERT INTO candle_frames (width, slide) VALUES (%(width)s, %(slide)s) ON CONFLICT DO NOTHING RETURNING 1
)
INSERT INTO touched_minutes (symbol, window_start, touched_at)
SELECT symbol, window_start, '-infinity' FROM stock_metrics WHERE EXISTS (SELECT FROM kept)

-- Keep the windows of a frame from now on, and of what is there; made again where other rules divide its days.
WITH kept AS (
    INSERT INTO candle_frames AS frame (width, slide, calendars) VALUES (%(width)s, %(slide)s, %(calendars)s)
    ON CONFLICT (width, slide) DO UPDATE SET calendars = excluded.calendars
    WHERE frame.slide >= '1 day' AND frame.calendars <> excluded.calendars
    RETURNING 1
), outdated AS (
    DELETE FROM candles WHERE width = %(width)s AND slide = %(slide)s AND EXISTS (SELECT FROM kept)
)
INSERT INTO touched_minutes (symbol, window_start, touched_at)
SELECT symbol, window_start, '-infinity' FROM stock_metrics WHERE EXISTS (SELECT FROM kept)

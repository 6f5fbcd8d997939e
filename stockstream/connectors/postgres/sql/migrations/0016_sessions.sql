-- Windows of whole days begin with the days of the exchange: a day of AAPL is one of New York, and not of UTC.

ALTER TABLE candle_frames ADD COLUMN calendars text NOT NULL DEFAULT 'XNYS';
COMMENT ON COLUMN candle_frames.calendars IS 'the rules by which a symbol has the days of an exchange, where windows are whole days';

DELETE FROM candles WHERE slide >= '1 day';
INSERT INTO touched_minutes (symbol, window_start, touched_at)
SELECT symbol, window_start, '-infinity' FROM stock_metrics
WHERE EXISTS (SELECT FROM candle_frames WHERE slide >= '1 day');

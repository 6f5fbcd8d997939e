-- Note the minutes of the trades that have arrived, to be reconciled.
INSERT INTO touched_minutes (symbol, window_start)
SELECT DISTINCT symbol, date_trunc('minute', "timestamp", 'UTC') FROM arrivals

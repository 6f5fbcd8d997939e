-- When the newest trade happened, by event time.
SELECT max("timestamp") FROM trades

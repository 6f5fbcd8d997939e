-- The newest trade by event time, and its age in seconds: one step in an index, however many there are.
SELECT "timestamp", extract(epoch FROM clock_timestamp() - "timestamp")::float8
FROM trades
ORDER BY "timestamp" DESC
LIMIT 1

-- How many gaps of feeds were noted within a day, and the newest of them.
SELECT count(*) OVER (), symbol, source, gap_start, reason
FROM feed_gaps
WHERE noted_at > clock_timestamp() - interval '1 day'
ORDER BY noted_at DESC
LIMIT 1

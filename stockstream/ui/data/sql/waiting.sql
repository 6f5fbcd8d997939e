-- The minutes that are over and wait to be reconciled, and for how many seconds the oldest has.
SELECT count(DISTINCT (symbol, window_start)), coalesce(max(extract(epoch FROM clock_timestamp() - since)), 0)::float8
FROM (
    SELECT symbol, window_start, waits_since AS since FROM unreconciled_minutes
    UNION ALL
    SELECT symbol, window_start, nullif(touched_at, '-infinity') FROM touched_minutes
) AS waiting
WHERE window_start <= now() - interval '1 minute'

-- How many minutes that are over wait to be reconciled, of a span and of these symbols or of all, and since when.
SELECT count(DISTINCT (symbol, window_start)), min(since)
FROM (
    SELECT symbol, window_start, waits_since AS since FROM unreconciled_minutes
    UNION ALL
    SELECT symbol, window_start, nullif(touched_at, '-infinity') FROM touched_minutes
) AS waiting
WHERE window_start >= %(since)s AND window_start < least(%(until)s, now() - interval '1 minute')
    AND coalesce(since < %(noted_before)s, true)
    AND (%(symbols)s::text[] IS NULL OR symbol = ANY (%(symbols)s))

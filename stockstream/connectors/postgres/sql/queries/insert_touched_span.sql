-- Note all minutes of a span that have trades or a candle, of these symbols or of all; returns how many.
WITH touched AS (
    INSERT INTO touched_minutes (symbol, window_start, touched_at)
    SELECT symbol, window_start, '-infinity'::timestamptz
    FROM (
        SELECT symbol, date_trunc('minute', "timestamp", 'UTC') AS window_start
        FROM trades WHERE "timestamp" >= %(since)s AND "timestamp" < %(until)s
        UNION
        SELECT symbol, window_start FROM stock_metrics WHERE window_start >= %(since)s AND window_start < %(until)s
    ) AS minutes
    WHERE (%(symbols)s::text[] IS NULL OR symbol = ANY (%(symbols)s)) AND window_start <= now() - interval '1 minute'
    RETURNING 1
)
SELECT count(*) FROM touched

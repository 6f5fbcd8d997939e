-- Mark the trades with these ids, which counted until now, and note their minutes, to be reconciled.
WITH corrected AS (
    UPDATE trades SET corrected_at = clock_timestamp()
    FROM unnest(%(ids)s::text[], %(symbols)s::text[], %(sources)s::text[]) AS named (trade_id, symbol, source)
    WHERE trades.trade_id = named.trade_id AND trades.symbol = named.symbol AND trades.source = named.source
        AND corrected_at IS NULL
    RETURNING trades.symbol, trades."timestamp"
)
INSERT INTO touched_minutes (symbol, window_start)
SELECT DISTINCT symbol, date_trunc('minute', "timestamp", 'UTC') FROM corrected

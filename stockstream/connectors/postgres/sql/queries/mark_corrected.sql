-- Mark the trades with these ids, which counted until now, and note their minutes, to be reconciled. The trade that
-- says so is stored, or it says nothing.
WITH corrected AS (
    UPDATE trades SET corrected_at = clock_timestamp()
    FROM unnest(%(ids)s::text[], %(by)s::text[], %(symbols)s::text[], %(sources)s::text[])
        AS named (trade_id, by_trade_id, symbol, source)
    WHERE trades.trade_id = named.trade_id AND trades.symbol = named.symbol AND trades.source = named.source
        AND corrected_at IS NULL
        AND EXISTS (
            SELECT FROM trades AS correction
            WHERE correction.trade_id = named.by_trade_id AND correction.symbol = named.symbol
                AND correction.source = named.source
        )
    RETURNING trades.symbol, trades."timestamp"
)
INSERT INTO touched_minutes (symbol, window_start)
SELECT DISTINCT symbol, date_trunc('minute', "timestamp", 'UTC') FROM corrected

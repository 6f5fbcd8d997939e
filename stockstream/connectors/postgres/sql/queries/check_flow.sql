-- Do trades flow: is there one that happened since a moment, and a candle written since then?
-- The candle's clock is the server's own, so the moment is given in seconds before now.
SELECT
    EXISTS (SELECT FROM trades WHERE "timestamp" >= %(since)s),
    EXISTS (
        SELECT FROM stock_metrics
        WHERE window_start >= %(since)s - interval '1 hour'
            AND updated_at >= now() - %(seconds)s * interval '1 second'
    )

-- Who holds the lock on the candles, 'aggregator' or 'flink', as claim_candles numbers them; null if nobody.
SELECT (ARRAY['aggregator', 'flink'])[max(objid::bigint)]
FROM pg_locks
WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid::bigint = 1398034003 AND objid::bigint > 0
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database());

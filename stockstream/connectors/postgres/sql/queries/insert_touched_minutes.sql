-- Note the minutes that trades are stored in, to be reconciled.
INSERT INTO touched_minutes (symbol, window_start)
SELECT symbol, to_timestamp(60 * minute)
FROM unnest(%(symbols)s::text[], %(minutes)s::bigint[]) AS touched (symbol, minute)

-- The days of trades that are over before a moment, with PostgreSQL's own estimate of their rows: never
-- one that has a candle still open, or a late trade still to be counted.
SELECT part.relname, greatest(part.reltuples, 0)::bigint
FROM pg_inherits
JOIN pg_class AS part ON part.oid = pg_inherits.inhrelid
CROSS JOIN LATERAL to_date(substring(part.relname FROM 'trades_(\d{8})$'), 'YYYYMMDD') AS day
WHERE pg_inherits.inhparent = 'trades'::regclass
  AND (day + 1)::timestamp AT TIME ZONE 'UTC' <= least(
      %(before)s,
      (SELECT min(window_start) FROM stock_metrics WHERE NOT is_final),
      (SELECT min(window_start) FROM late_arrivals)
  )
ORDER BY part.relname

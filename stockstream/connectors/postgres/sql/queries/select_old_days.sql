-- The days of trades that are over before a moment, with PostgreSQL's own estimate of their rows.
SELECT part.relname, greatest(part.reltuples, 0)::bigint
FROM pg_inherits
JOIN pg_class AS part ON part.oid = pg_inherits.inhrelid
CROSS JOIN LATERAL to_date(substring(part.relname FROM 'trades_(\d{8})$'), 'YYYYMMDD') AS day
WHERE pg_inherits.inhparent = 'trades'::regclass AND (day + 1)::timestamp AT TIME ZONE 'UTC' <= %(before)s
ORDER BY part.relname

-- Windows that time has passed are final.
UPDATE candles AS held
SET is_final = true, updated_at = now()
FROM unnest(%(symbols)s::text[], %(closed)s::timestamptz[]) AS passed (symbol, closed)
WHERE held.symbol = passed.symbol AND held.width = %(width)s AND held.slide = %(slide)s
  AND NOT held.is_final AND held.window_end <= passed.closed

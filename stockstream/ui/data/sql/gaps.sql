-- Where feeds have missed trades of a symbol, in the span that its candles cover; the newest come first.
SELECT source, gap_start, gap_end, missing_trades, reason
FROM feed_gaps
WHERE symbol = %(symbol)s AND gap_start <= %(end)s
  AND coalesce(gap_end, 'infinity') >= %(start)s
ORDER BY gap_start DESC
LIMIT %(at_most)s

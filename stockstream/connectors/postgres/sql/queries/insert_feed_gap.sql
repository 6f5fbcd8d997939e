-- Keep a gap.
INSERT INTO feed_gaps (symbol, source, gap_start, gap_end, missing_trades, reason)
VALUES (%(symbol)s, %(source)s, %(start)s, %(end)s, %(missing)s, %(reason)s)
